import { useState } from 'react';
import { useNotify } from 'react-admin';

/** Does something the person asked for, one thing at a time, and says when it is refused. */
export function useAttempt() {
  const notify = useNotify();
  const [busy, setBusy] = useState(false);
  const attempt = async (work: () => Promise<unknown>, done?: string): Promise<boolean> => {
    setBusy(true);
    try {
      await work();
      if (done) notify(done, { type: 'success' });
      return true;
    } catch (error) {
      notify(error instanceof Error ? error.message : String(error), { type: 'error', autoHideDuration: 8000 });
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, attempt };
}
