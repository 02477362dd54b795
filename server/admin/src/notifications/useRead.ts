// Reading and opening notifications, from the bell, a toast or the list.
import { useQueryClient } from '@tanstack/react-query';
import { useDataProvider, useNotify } from 'react-admin';
import { useNavigate } from 'react-router-dom';
import { keys } from './kind';
import type { NotificationProvider } from './operations';
import { placeOf } from './target';
import type { Told } from './types';

/** What can be done with one's notifications. Lists of them follow. */
export function useRead() {
  const provider = useDataProvider<NotificationProvider>();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const notify = useNotify();
  const failed = (error: unknown) => notify(error instanceof Error ? error.message : String(error), { type: 'error' });
  /** Shows it as read before the server says so. */
  const shown = (of: (one: Told) => boolean) => {
    queries.setQueriesData<{ pages: { results: Told[] }[] }>({ queryKey: keys.list }, (data) =>
      data?.pages ? { ...data, pages: data.pages.map((page) => ({ ...page, results: page.results.map((one) => (of(one) ? { ...one, unread: false } : one)) })) } : data,
    );
  };
  const again = () => queries.invalidateQueries({ queryKey: keys.unread });
  return {
    async read(one: Told) {
      if (!one.unread) return;
      shown(({ id }) => id === one.id);
      queries.setQueryData<number>(keys.unread, (count) => count && Math.max(0, count - 1));
      try {
        await provider.markRead(one.id);
      } catch (error) {
        failed(error);
        await queries.invalidateQueries({ queryKey: keys.list });
      }
      await again();
    },
    async readAll() {
      shown(() => true);
      queries.setQueryData(keys.unread, 0);
      try {
        await provider.markAllRead();
      } catch (error) {
        failed(error);
      }
      await queries.invalidateQueries({ queryKey: keys.all });
    },
    /** Opens what it is about; false where there is nothing. */
    open(one: Told): boolean {
      const place = placeOf(one.target_url);
      if (!place) return false;
      if ('to' in place) navigate(place.to);
      else window.open(place.href, '_blank', 'noopener');
      return true;
    },
  };
}
