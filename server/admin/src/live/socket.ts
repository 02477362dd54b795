// A WebSocket that comes back: after a pause that grows, at once when the browser has a connection again.

/** How a link stands: being made, open, or waiting to be made again. */
export type LinkState = 'connecting' | 'open' | 'waiting';

/** A link to a path of the server. */
export interface Link {
  /** Sends a frame; without an open link it is not sent. */
  send(frame: unknown): void;
  close(): void;
}

/** What a link needs of a WebSocket. */
export type Socket = Pick<WebSocket, 'send' | 'close' | 'onopen' | 'onclose' | 'onmessage'>;

interface LinkOptions {
  path: string;
  /** Called with each frame that is JSON. */
  onFrame(frame: unknown): void;
  onState?(state: LinkState): void;
  /** For tests. */
  make?(path: string): Socket;
  random?(): number;
  page?: Pick<EventTarget, 'addEventListener' | 'removeEventListener'>;
}

/** The code with which the server ends a link whose session has ended or lost its rights (RFC 6455, 7.4.1). */
const refused = 1008;

/** Pauses and limits in milliseconds: how long a handshake may take (spec: notifications §10), the pauses before a link is made again, and after how long an open one counts as sound. */
export const times = { handshake: 7_000, first: 1_000, most: 60_000, sound: 10_000 };

/** The pause before a link is made again that failed so many times. It grows, and is spread so that a fleet of pages does not come at once. */
export function pauseAfter(failures: number, random: () => number = Math.random): number {
  return Math.min(times.most, times.first * 2 ** Math.min(failures, 10)) * (0.5 + random() / 2);
}

function makeSocket(path: string): Socket {
  const url = new URL(path, window.location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return new WebSocket(url);
}

/** Opens a link, and opens it again until it is closed. */
export function openLink({ path, onFrame, onState, make = makeSocket, random, page = window }: LinkOptions): Link {
  let socket: Socket | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let state: LinkState | undefined;
  let failures = 0;
  let closed = false;
  const become = (next: LinkState) => {
    if (state === next) return;
    state = next;
    onState?.(next);
  };
  const drop = () => {
    const old = socket;
    socket = undefined;
    if (!old) return;
    old.onopen = old.onclose = old.onmessage = null;
    old.close();
  };
  const wait = (after = pauseAfter(failures++, random)) => {
    clearTimeout(timer);
    drop();
    become('waiting');
    timer = setTimeout(connect, after);
  };
  const connect = () => {
    clearTimeout(timer);
    drop();
    become('connecting');
    timer = setTimeout(() => wait(), times.handshake);
    const made = make(path);
    socket = made;
    made.onopen = () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        failures = 0;
      }, times.sound);
      become('open');
    };
    // whoever may not listen now will be asked to log in: until then there is no use in trying
    made.onclose = ({ code }) => (code === refused ? wait(times.most) : wait());
    made.onmessage = ({ data }) => {
      let frame: unknown;
      try {
        frame = JSON.parse(String(data));
      } catch {
        return; // nothing of ours
      }
      onFrame(frame);
    };
  };
  const online = () => {
    failures = 0;
    connect();
  };
  const offline = () => {
    if (!closed) wait();
  };
  page.addEventListener('online', online);
  page.addEventListener('offline', offline);
  connect();
  return {
    send(frame) {
      if (state === 'open') socket?.send(JSON.stringify(frame));
    },
    close() {
      closed = true;
      clearTimeout(timer);
      page.removeEventListener('online', online);
      page.removeEventListener('offline', offline);
      drop();
    },
  };
}
