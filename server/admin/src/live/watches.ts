// What the pages that are open show, as one list for the server, and what it tells of it, to those who asked.
import { type Link, type LinkState, openLink } from './socket';

/** Where pages watch objects. */
const path = '/ws/live/';

/** Objects of a kind changed: these, or, when ids is missing, any. */
export interface Change {
  ids?: string[];
}

interface Watch {
  kind: string;
  id?: string;
  onChange(change: Change): void;
}

/** Frames of the server. */
type Frame = { type: 'changed'; kind: string; ids: string[] | null } | { type: 'missed' } | { type: 'watching'; watch: { kind: string; id?: string }[] } | { type: 'error'; detail: string };

/** The watches of a page. */
export interface Watches {
  /** Makes the link. */
  open(): void;
  /** Watches all objects of a kind, or one; returns what ends it. */
  watch(watch: Watch): () => void;
  state(): LinkState;
  /** Whether changes of a kind are told: the link is open, and the server knows the kind. */
  told(kind: string): boolean;
  /** Tells those who watch a kind of what was heard elsewhere. */
  tell(kind: string): void;
  /** Calls back when state or told may have changed; returns what ends it. */
  subscribe(listener: () => void): () => void;
  close(): void;
}

/** Watches over a link of their own, which is made when they are opened. */
export function createWatches(make: typeof openLink = openLink): Watches {
  const watches = new Set<Watch>();
  const listeners = new Set<() => void>();
  let link: Link | undefined;
  let state: LinkState = 'connecting';
  let known = new Set<string>();
  let queued = false;
  let been = false;
  const announce = () => {
    for (const listener of listeners) listener();
  };
  const list = () => {
    const all = new Map([...watches].map(({ kind, id }) => [`${kind} ${id ?? ''}`, { kind, ...(id ? { id } : {}) }]));
    return [...all.values()];
  };
  // pages come and go together: one list for all that a render changes
  const say = () => {
    if (queued) return;
    queued = true;
    queueMicrotask(() => {
      queued = false;
      link?.send({ type: 'watch', watch: list() });
    });
  };
  const tell = (concerns: (watch: Watch) => boolean, change: Change) => {
    for (const watch of [...watches]) if (concerns(watch)) watch.onChange(change);
  };
  const onFrame = (frame: unknown) => {
    const told = frame as Frame;
    switch (told.type) {
      case 'changed':
        tell(({ kind, id }) => kind === told.kind && (id === undefined || !told.ids || told.ids.includes(id)), { ids: told.ids ?? undefined });
        break;
      case 'missed':
        tell(() => true, {});
        break;
      case 'watching':
        known = new Set(told.watch.map(({ kind }) => kind));
        announce();
        break;
    }
  };
  const onState = (next: LinkState) => {
    state = next;
    if (next === 'open') {
      say();
      // what happened while there was no link is not told any more
      if (been) tell(() => true, {});
      been = true;
    } else known = new Set();
    announce();
  };
  return {
    open() {
      link ??= make({ path, onFrame, onState });
    },
    watch(watch) {
      watches.add(watch);
      say();
      return () => {
        watches.delete(watch);
        say();
      };
    },
    state: () => state,
    told: (kind) => state === 'open' && known.has(kind),
    tell: (kind) => tell((watch) => watch.kind === kind, {}),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      link?.close();
      link = undefined;
    },
  };
}
