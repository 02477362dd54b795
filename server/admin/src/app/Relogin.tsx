// The log-in over the page, for a session that ended while somebody was at work.
import { Dialog, DialogContent, DialogTitle } from '@mui/material';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useAuthProvider, useGetIdentity } from 'react-admin';
import type { AdminAuthProvider } from '../api/session';
import { useFrame } from './ConcernsContext';

/** Waits for the session to end. */
export function Relogin() {
  const { gate, concerns } = useFrame();
  const auth = useAuthProvider<AdminAuthProvider>();
  const queries = useQueryClient();
  const { identity } = useGetIdentity();
  const [open, setOpen] = useState(false);
  const settle = useRef<(again: boolean) => void>(undefined);
  const LoginForm = concerns.find(({ loginForm }) => loginForm)?.loginForm;
  useEffect(() => {
    gate.onEnded(
      () =>
        new Promise((resolve) => {
          settle.current = resolve;
          setOpen(true);
        }),
    );
    return () => gate.onEnded(undefined);
  }, [gate]);
  const end = (again: boolean) => {
    setOpen(false);
    settle.current?.(again);
  };
  const login = async (proof: Record<string, unknown>) => {
    await auth?.login(proof);
    const now = await auth?.getIdentity?.();
    // another person may see other things: the page begins anew for them
    if (identity && now && now.id !== identity.id) return window.location.reload();
    await queries.invalidateQueries({ queryKey: ['auth'] });
    end(true);
  };
  if (!open || !LoginForm) return null;
  return (
    <Dialog open aria-labelledby="relogin-title" slotProps={{ paper: { sx: { width: 400 } } }}>
      <DialogTitle id="relogin-title">Your session has ended</DialogTitle>
      <DialogContent>
        <p style={{ marginTop: 0 }}>Log in again to go on where you are. What you typed is still here.</p>
        <LoginForm login={login} />
        <button type="button" className="w-link" onClick={() => end(false)}>
          Leave this page
        </button>
      </DialogContent>
    </Dialog>
  );
}
