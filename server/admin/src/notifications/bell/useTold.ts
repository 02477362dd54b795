// What the bell knows: how many are unread, and what is new, told by the socket or, without one, asked for.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useContext, useEffect, useRef, useState } from 'react';
import { useDataProvider } from 'react-admin';
import { LiveContext } from '../../live/useLive';
import { type LinkState, openLink } from '../../live/socket';
import { keys, mostCounted, notificationKind } from '../kind';
import type { NotificationProvider } from '../operations';
import type { Frame, Told } from '../types';

const path = '/ws/notification/';

/** How often the count is asked for, in milliseconds: where it is told, and where it is not. */
const paces = { told: 120_000, untold: 20_000 };

/** Follows one's notifications; onNew is given each that is new, the oldest first. */
export function useTold(onNew: (news: Told[]) => void) {
  const provider = useDataProvider<NotificationProvider>();
  const queries = useQueryClient();
  const watches = useContext(LiveContext);
  const [state, setState] = useState<LinkState>('connecting');
  const told = useRef(new Set<string>());
  const since = useRef(Date.now());
  const latest = useRef(onNew);
  latest.current = onNew;

  const { data: unread = 0 } = useQuery({
    queryKey: keys.unread,
    queryFn: () => provider.unreadCount(),
    refetchInterval: state === 'open' ? paces.told : paces.untold,
  });

  /** Has lists of notifications read again. */
  const reread = useCallback(() => {
    void queries.invalidateQueries({ queryKey: keys.list });
    watches?.tell(notificationKind);
  }, [queries, watches]);

  useEffect(() => {
    const announce = (news: Told[]) => {
      const fresh = news.filter(({ id }) => !told.current.has(id));
      for (const { id } of fresh) told.current.add(id);
      if (fresh.length > 0) latest.current(fresh);
    };
    const link = openLink({
      path,
      onState: setState,
      onFrame: (given) => {
        const frame = given as Frame;
        if (frame.type === 'missed') void queries.invalidateQueries({ queryKey: keys.unread });
        if (frame.type === 'notification') queries.setQueryData(keys.unread, typeof frame.notification_count === 'number' ? frame.notification_count : mostCounted + 1);
        if (frame.type === 'missed' || (frame.type === 'notification' && frame.reload_widget)) reread();
        if (frame.type === 'notification' && frame.notification) announce([frame.notification]);
      },
    });
    return () => link.close();
  }, [queries, reread]);

  // without a link, what came since is found by asking
  const before = useRef<number>(undefined);
  useEffect(() => {
    const more = before.current !== undefined && unread > before.current;
    before.current = unread;
    if (!more || state === 'open') return;
    reread();
    void provider.told(1, { unread: true }).then(
      ({ results }) => {
        const news = results.filter(({ id, timestamp }) => new Date(timestamp).getTime() > since.current && !told.current.has(id)).reverse();
        for (const { id } of news) told.current.add(id);
        if (news.length > 0) latest.current(news);
      },
      () => undefined, // the next question finds it
    );
  }, [unread, state, provider, reread]);

  return { unread, reread };
}
