// The bell of the bar: how many are unread, the list, and what is new as toasts.
import { Bell as BellIcon } from 'lucide-react';
import { IconButton } from '@mui/material';
import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import { useStore } from 'react-admin';
import { useText } from '../../design/useText';
import { badgeOf } from '../kind';
import type { Told } from '../types';
import { claimWindow, ring } from './sound';
import { Toasts } from './Toasts';
import { useTold } from './useTold';
import '../notifications.css';

const Panel = lazy(() => import('./Panel'));

/** The bell. */
export default function Bell() {
  const say = useText();
  const button = useRef<HTMLButtonElement>(null);
  const [open, setOpen] = useState(false);
  const [news, setNews] = useState<Told[]>([]);
  const [sounds] = useStore('notifications.sound', true);
  useEffect(claimWindow, []);
  const { unread } = useTold((fresh) => {
    setNews((now) => [...now, ...fresh]);
    if (sounds) void ring();
  });
  const many = badgeOf(unread);
  return (
    <>
      <IconButton
        ref={button}
        className="w-bar-tool n-bell"
        title={say('Notifications')}
        aria-label={unread > 0 ? say('Notifications, %{many} unread', { many }) : say('Notifications')}
        aria-haspopup="dialog"
        aria-expanded={open}
        onClick={() => {
          setNews([]); // the list shows them
          setOpen(true);
        }}
      >
        <BellIcon size={16} />
        {unread > 0 && (
          <span className="n-badge" aria-hidden="true">
            {many}
          </span>
        )}
      </IconButton>
      <Suspense>{open && <Panel anchor={button.current} unread={unread} onClose={() => setOpen(false)} />}</Suspense>
      <Toasts news={news} onDone={(ids) => setNews((now) => now.filter(({ id }) => !ids.includes(id)))} />
    </>
  );
}
