import { Dialog, DialogContent, DialogTitle } from '@mui/material';
import { useNotify } from 'react-admin';
import { useText } from '../../design/useText';
import { PasswordForm } from '../account/PasswordForm';

/** Sets the password of another user. */
export function PasswordDialog({ user, name, onClose }: { user: string; name: string; onClose(): void }) {
  const say = useText();
  const notify = useNotify();
  return (
    <Dialog open onClose={onClose} maxWidth="xs" fullWidth>
      <DialogTitle>{say('New password of %{name}', { name })}</DialogTitle>
      <DialogContent>
        <PasswordForm
          user={user}
          own={false}
          onDone={() => {
            notify('Password set', { type: 'success' });
            onClose();
          }}
        />
      </DialogContent>
    </Dialog>
  );
}
