// Lets people log in again: an end that is past is cleared, as nobody who is over can be active.
import { Button } from '@mui/material';
import { UserRoundCheck } from 'lucide-react';
import { useCanAccess, useDataProvider, useListContext, useNotify, useRefresh } from 'react-admin';
import { useText } from '../../design/useText';
import { attemptEach } from '../../api/dataProvider';
import type { User } from '../types';

/** What activates a user. */
export function activation({ expiration_date }: Pick<User, 'expiration_date'>, today: string): Partial<User> {
  return expiration_date && expiration_date < today ? { is_active: true, expiration_date: null } : { is_active: true };
}

/** The button. */
export function BulkActivate() {
  const say = useText();
  const { data = [], selectedIds, onSelect } = useListContext<User>();
  const change = useCanAccess({ resource: 'users', action: 'change' });
  const provider = useDataProvider();
  const notify = useNotify();
  const refresh = useRefresh();
  if (!change.canAccess) return null;
  const run = async () => {
    const today = new Date().toISOString().slice(0, 10);
    const { done, failed } = await attemptEach(selectedIds, async (id) => {
      const user = data.find((known) => known.id === id) ?? (await provider.getOne<User>('users', { id })).data;
      await provider.update('users', { id, data: { ...user, ...activation(user, today) }, previousData: user });
    });
    onSelect(failed.map(({ item }) => item));
    refresh();
    const [first] = failed;
    if (first) notify(`${done.length} activated, ${failed.length} refused: ${first.error instanceof Error ? first.error.message : String(first.error)}`, { type: 'error', autoHideDuration: 8000 });
    else notify(done.length === 1 ? say('1 person activated') : say('%{number} people activated', { number: done.length }), { type: 'success' });
  };
  return (
    <Button color="inherit" startIcon={<UserRoundCheck size={16} />} onClick={() => void run()}>
      {say('Activate')}
    </Button>
  );
}
