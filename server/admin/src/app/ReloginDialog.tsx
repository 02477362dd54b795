// The dialog of the log-in over the page; it comes when a session has ended.
import { Dialog, DialogContent, DialogTitle } from '@mui/material';
import type { ComponentType } from 'react';
import { useTranslate } from 'react-admin';

interface ReloginDialogProps {
  Form: ComponentType<{ login(proof: Record<string, unknown>): Promise<unknown> }>;
  login(proof: Record<string, unknown>): Promise<unknown>;
  onLeave(): void;
}

/** The dialog. */
export default function ReloginDialog({ Form, login, onLeave }: ReloginDialogProps) {
  const translate = useTranslate();
  return (
    <Dialog open aria-labelledby="relogin-title" slotProps={{ paper: { sx: { width: 400 } } }}>
      <DialogTitle id="relogin-title">{translate('Your session has ended')}</DialogTitle>
      <DialogContent>
        <p style={{ marginTop: 0 }}>{translate('Log in again to go on where you are. What you typed is still here.')}</p>
        <Form login={login} />
        <button type="button" className="w-link" onClick={onLeave}>
          {translate('Leave this page')}
        </button>
      </DialogContent>
    </Dialog>
  );
}
