// How pages follow what happens: they are told, and ask by themselves where nobody tells.
import { createContext, useContext, useEffect, useRef, useSyncExternalStore } from 'react';
import { useFrame } from '../app/ConcernsContext';
import type { LinkState } from './socket';
import type { Change, Watches } from './watches';

/** The watches of the frame; without one nothing is told. */
export const LiveContext = createContext<Watches | undefined>(undefined);

const never = () => () => undefined;

/** How the link for changes stands. */
export function useLinkState(): LinkState {
  const watches = useContext(LiveContext);
  return useSyncExternalStore(watches?.subscribe ?? never, () => watches?.state() ?? 'waiting');
}

/** The kind of a resource's objects, as the server names it: config.device. */
export function useKind(resource: string | undefined): string | undefined {
  const { concerns } = useFrame();
  const found = concerns.flatMap(({ resources }) => resources).find(({ name }) => name === resource);
  return found?.kind ?? (found?.model && `${found.model.app}.${found.model.model}`);
}

/** How often pages ask, in milliseconds: where changes are told, and where they are not. */
export const paces = { told: 120_000, untold: 15_000 };

/** How often to ask for objects of a kind. */
export function usePace(kind: string | undefined, { told = paces.told, untold = paces.untold } = {}): number {
  const watches = useContext(LiveContext);
  const known = useSyncExternalStore(watches?.subscribe ?? never, () => kind !== undefined && (watches?.told(kind) ?? false));
  return known ? told : untold;
}

/** How long changes are collected before a page acts on them, in milliseconds. */
const gather = 300;

/** How long after that it rests, so that a fleet that changes at once is read now and then, not always. */
const rest = 2_000;

/** Calls back after objects of a kind, or one of them, changed; many changes are one call. */
export function useChanges(kind: string | undefined, onChange: (change: Change) => void, id?: string) {
  const watches = useContext(LiveContext);
  const latest = useRef(onChange);
  latest.current = onChange;
  useEffect(() => {
    if (!watches || !kind) return undefined;
    let collected: Change | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const act = () => {
      timer = undefined;
      if (!collected) return;
      const change = collected;
      collected = undefined;
      latest.current(change);
      timer = setTimeout(act, rest);
    };
    const end = watches.watch({
      kind,
      id,
      onChange: ({ ids }) => {
        const before = collected;
        collected = !ids || (before && !before.ids) ? {} : { ids: [...new Set([...(before?.ids ?? []), ...ids])] };
        timer ??= setTimeout(act, gather);
      },
    });
    return () => {
      end();
      clearTimeout(timer);
    };
  }, [watches, kind, id]);
}
