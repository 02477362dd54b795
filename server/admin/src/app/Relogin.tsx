// The log-in over the page, for a session that ended while somebody was at work.
import { useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import { useAuthProvider, useGetIdentity } from 'react-admin';
import type { AdminAuthProvider } from '../api/session';
import { useFrame } from './ConcernsContext';

const ReloginDialog = lazy(() => import('./ReloginDialog'));

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
    <Suspense>
      <ReloginDialog Form={LoginForm} login={login} onLeave={() => end(false)} />
    </Suspense>
  );
}
