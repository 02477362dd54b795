// Keeps the rows of a list in place while it follows what happens.
import { useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useCallback, useContext, useEffect, useRef, useState } from 'react';
import { ListContextProvider, type RaRecord, useDataProvider, useListContext } from 'react-admin';
import { useText } from '../design/useText';
import { useChanges, useKind, usePace } from '../live/useLive';
import { followed, looked, type Shown, taken } from './inPlace';

/** What a list says of its rows beside their values. */
interface Motion {
  /** Changes with every reading that changed rows, so that each is seen. */
  beat: number;
  changed: ReadonlySet<RaRecord['id']>;
  gone: ReadonlySet<RaRecord['id']>;
  fresh: number;
  moved: boolean;
  /** Takes the present order and rows. */
  show(): void;
}

const none: ReadonlySet<RaRecord['id']> = new Set();
const MotionContext = createContext<Motion>({ beat: 0, changed: none, gone: none, fresh: 0, moved: false, show: () => undefined });

/** How the rows of the list move. */
export const useMotion = () => useContext(MotionContext);

/** So many rows that left are looked at by themselves; more are left as they were. */
const mostLooked = 10;

/** How long after a reading that somebody asked for others still belong to it, in milliseconds: the server tells of the same change. */
const echo = 1_500;

/**
 * Whether readings are asked for now: what one did oneself is seen at once, and in the present order. Every action here
 * ends in react-admin's refresh, which invalidates the list. The count changes when the rows at hand are to be taken anew.
 */
function useAsked(resource: string): { asked: number; isAsked(): boolean } {
  const queries = useQueryClient();
  const [asked, setAsked] = useState(0);
  const until = useRef(0);
  useEffect(
    () =>
      queries.getQueryCache().subscribe((event) => {
        if (event.type !== 'updated' || event.query.queryKey[0] !== resource || event.query.queryKey[1] !== 'getList') return;
        if (event.action.type === 'invalidate') until.current = Number.POSITIVE_INFINITY;
        else if (event.action.type === 'success' && until.current === Number.POSITIVE_INFINITY) until.current = Date.now() + echo;
        else return;
        setAsked((count) => count + 1);
      }),
    [queries, resource],
  );
  return { asked, isAsked: () => Date.now() < until.current };
}

/** The rows of the list around it, kept in place. */
export function Steady<T extends RaRecord>({ children }: { children: ReactNode }) {
  const list = useListContext<T>();
  const { resource, data, total = 0, filterValues, sort, page, perPage, refetch, isPlaceholderData } = list;
  const provider = useDataProvider();
  const key = JSON.stringify([resource, filterValues, sort, page, perPage]);
  const { asked, isAsked } = useAsked(resource);
  const answered = useRef(asked);
  const [shown, setShown] = useState<Shown<T>>();
  const [gone, setGone] = useState<ReadonlySet<RaRecord['id']>>(none);
  const [beat, setBeat] = useState(0);
  const read = useRef(data);

  const follow = useCallback(() => void refetch(), [refetch]);
  const kind = useKind(resource);
  useChanges(kind, follow);
  const pace = usePace(kind);
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') follow();
    }, pace);
    return () => clearInterval(timer);
  }, [pace, follow]);

  // the list as it is to be shown now; the effect below keeps it
  let now = shown;
  if (data && !isPlaceholderData) {
    if (!shown || shown.key !== key || asked !== answered.current) now = taken(key, data, total);
    else if (data !== read.current) now = isAsked() ? taken(key, data, total) : followed(shown, data, total);
  }
  // biome-ignore lint/correctness/useExhaustiveDependencies: another reading is what it waits for
  useEffect(() => {
    if (!data || isPlaceholderData || now === shown) return undefined;
    read.current = data;
    answered.current = asked;
    setShown(now);
    if (!now || now.left.size === 0) setGone(none);
    if (now && now.changed.size > 0) setBeat((count) => count + 1);
    if (!now || now.left.size === 0 || now.left.size > mostLooked) return undefined;
    let over = false;
    void provider.getMany<T>(resource, { ids: [...now.left] }).then(
      ({ data: found }) => {
        if (over) return;
        const seen = looked(now, found);
        setShown(seen.shown);
        setGone(seen.gone);
        if (seen.shown.changed.size > 0) setBeat((count) => count + 1);
      },
      () => undefined, // the rows stay as they were
    );
    return () => {
      over = true;
    };
  }, [data, key, isPlaceholderData, asked]);

  const show = () => {
    setGone(none);
    if (data) setShown(taken(key, data, total));
  };
  const motion: Motion = { beat, changed: now?.changed ?? none, gone, fresh: now?.fresh ?? 0, moved: now?.moved ?? false, show };
  const value = now && data ? { ...list, data: now.rows } : list;
  return (
    <MotionContext.Provider value={motion}>
      <ListContextProvider value={value as typeof list}>{children}</ListContextProvider>
    </MotionContext.Provider>
  );
}

/** Says that there is more, or in another order, and shows it when it is wanted. */
export function News() {
  const { fresh, moved, show } = useMotion();
  const say = useText();
  return (
    <span role="status">
      {moved && (
        <button type="button" className={fresh > 0 ? 'w-news w-news-fresh' : 'w-news'} onClick={show} title={say('Rows keep their place until you ask for the present order.')}>
          {fresh > 0 ? say('%{number} new, show', { number: fresh.toLocaleString() }) : say('Order has changed, show')}
        </button>
      )}
    </span>
  );
}
