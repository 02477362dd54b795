// The list under the bell: newest first, without an end, and what can be done with all of it.
import { Button, IconButton, Popover } from '@mui/material';
import { useInfiniteQuery } from '@tanstack/react-query';
import { BellOff, BellRing, CheckCheck, Settings2 } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useDataProvider, useStore } from 'react-admin';
import { Link } from 'react-router-dom';
import { Moment } from '../../design/Moment';
import { Empty, Failed, Loading } from '../../design/states';
import { StatusShape } from '../../design/Status';
import { useText } from '../../design/useText';
import { keys } from '../kind';
import { lookOf } from '../levels';
import { plain } from '../Message';
import type { NotificationProvider } from '../operations';
import type { Told } from '../types';
import { useRead } from '../useRead';
import { Words } from '../Words';
import { quietSystem } from './sound';

/** The panel. */
export default function Panel({ anchor, unread, onClose }: { anchor: HTMLElement | null; unread: number; onClose(): void }) {
  const say = useText();
  const [only, setOnly] = useState(false);
  const [words, setWords] = useState<Told>();
  const { readAll } = useRead();
  return (
    <Popover
      open
      anchorEl={anchor}
      onClose={onClose}
      anchorOrigin={{ vertical: 'bottom', horizontal: 'right' }}
      transformOrigin={{ vertical: 'top', horizontal: 'right' }}
      slotProps={{ paper: { className: 'w-popover n-panel', role: 'dialog', 'aria-label': say('Notifications') } }}
    >
      <header className="n-head">
        <h2>{say('Notifications')}</h2>
        <span className="w-grow" />
        <Sound />
        <IconButton title={say('Preferences')} aria-label={say('Preferences')} component={Link} to="/notifications/preferences" onClick={onClose}>
          <Settings2 size={16} />
        </IconButton>
      </header>
      <div className="n-tools">
        <button type="button" className="w-link" aria-pressed={only} onClick={() => setOnly(!only)}>
          {only ? say('Show all') : say('Unread only')}
        </button>
        <span className="w-grow" />
        {unread > 0 && (
          <button type="button" className="w-link n-tool" onClick={() => void readAll()}>
            <CheckCheck size={14} aria-hidden="true" />{' '}{say('Mark all as read')}
          </button>
        )}
      </div>
      <List only={only} onOpen={onClose} onWords={setWords} />
      <footer className="n-foot">
        <Button component={Link} to="/notifications" onClick={onClose}>
          {say('All notifications')}
        </Button>
      </footer>
      {words && <Words one={words} onClose={() => setWords(undefined)} onOpened={onClose} />}
    </Popover>
  );
}

function Sound() {
  const say = useText();
  const [sounds, setSounds] = useStore('notifications.sound', true);
  const quiet = quietSystem();
  const on = sounds && !quiet;
  const title = quiet ? 'No sound: your system asks for less motion' : on ? 'Sound is on' : 'Sound is off';
  return (
    <IconButton title={title} aria-label={say('Sound')} aria-pressed={on} disabled={quiet} onClick={() => setSounds(!sounds)}>
      {on ? <BellRing size={16} /> : <BellOff size={16} />}
    </IconButton>
  );
}

function List({ only, onOpen, onWords }: { only: boolean; onOpen(): void; onWords(one: Told): void }) {
  const say = useText();
  const provider = useDataProvider<NotificationProvider>();
  const { data, error, isPending, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery({
    queryKey: [...keys.list, only],
    queryFn: ({ pageParam }) => provider.told(pageParam, only ? { unread: true } : undefined),
    initialPageParam: 1,
    getNextPageParam: ({ next }, _all, page) => (next ? page + 1 : undefined),
  });
  const end = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (!end.current || !hasNextPage || isFetchingNextPage) return undefined;
    const seen = new IntersectionObserver((entries) => {
      if (entries.some(({ isIntersecting }) => isIntersecting)) void fetchNextPage();
    });
    seen.observe(end.current);
    return () => seen.disconnect();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  if (isPending) return <Loading rows={5} />;
  if (error && !data) return <Failed reason={error.message} onRetry={() => void refetch()} />;
  // a page that moved on while it was read brings some twice
  const all = [...new Map(data.pages.flatMap(({ results }) => results).map((one) => [one.id, one])).values()];
  if (all.length === 0) {
    return <Empty title={only ? 'Nothing is unread' : 'No notifications yet'}>{only ? undefined : say('You are told here of devices that register and of configurations that fail.')}</Empty>;
  }
  return (
    <ul className="n-list" aria-label={say('Notifications, newest first')}>
      {all.map((one) => (
        <Item key={one.id} one={one} onOpen={onOpen} onWords={onWords} />
      ))}
      {hasNextPage && (
        <li ref={end} className="n-more">
          <button type="button" className="w-link" disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            {isFetchingNextPage ? say('Loading…') : say('Older')}
          </button>
        </li>
      )}
    </ul>
  );
}

function Item({ one, onOpen, onWords }: { one: Told; onOpen(): void; onWords(one: Told): void }) {
  const say = useText();
  const { read, open } = useRead();
  const { status, word } = lookOf(one.level);
  const act = () => {
    void read(one);
    if (one.description) onWords(one);
    else if (open(one)) onOpen();
  };
  return (
    <li className={one.unread ? 'n-item n-unread' : 'n-item'}>
      <button type="button" className="n-open" onClick={act}>
        <StatusShape status={status} />
        <span className="w-grow">
          <span className="w-hidden">{one.unread ? `unread, ${word}: ` : `${word}: `}</span>
          <span className="n-text">{plain(one.message)}</span>
          <small>
            <Moment at={one.timestamp} />
          </small>
        </span>
      </button>
      {one.unread && (
        <button type="button" className="n-dot" title={say('Mark as read')} aria-label={say('Mark as read: %{message}', { message: plain(one.message) })} onClick={() => void read(one)}>
          <i aria-hidden="true" />
        </button>
      )}
    </li>
  );
}
