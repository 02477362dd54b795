import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type LinkState, openLink, pauseAfter, type Socket, times } from './socket';

class Fake implements Socket {
  onopen: Socket['onopen'] = null;
  onclose: Socket['onclose'] = null;
  onmessage: Socket['onmessage'] = null;
  sent: string[] = [];
  closed = false;
  send(text: string) {
    this.sent.push(text);
  }
  close() {
    this.closed = true;
  }
  opens() {
    this.onopen?.call(this as never, {} as never);
  }
  ends(code = 1006) {
    this.onclose?.call(this as never, { code } as never);
  }
  says(data: string) {
    this.onmessage?.call(this as never, { data } as never);
  }
}

let made: Fake[];
let states: LinkState[];
let frames: unknown[];
let page: EventTarget;

function link() {
  return openLink({
    path: '/ws/live/',
    page,
    random: () => 1,
    make: () => {
      made.push(new Fake());
      return made.at(-1) as Fake;
    },
    onFrame: (frame) => frames.push(frame),
    onState: (state) => states.push(state),
  });
}

beforeEach(() => {
  vi.useFakeTimers();
  made = [];
  states = [];
  frames = [];
  page = new EventTarget();
});
afterEach(() => vi.useRealTimers());

it('waits longer after each failure, up to a minute', () => {
  expect([0, 1, 2, 5, 6, 50].map((failures) => pauseAfter(failures, () => 1))).toEqual([1000, 2000, 4000, 32000, 60000, 60000]);
  expect(pauseAfter(0, () => 0)).toBe(500);
});

it('passes on what is JSON and nothing else', () => {
  link();
  made[0]?.opens();
  made[0]?.says('{"type":"missed"}');
  made[0]?.says('not JSON');
  expect(frames).toEqual([{ type: 'missed' }]);
});

it('comes back after it ended, and counts as sound after a while', () => {
  const one = link();
  one.send({ early: true });
  made[0]?.opens();
  one.send({ on: true });
  expect(made[0]?.sent).toEqual(['{"on":true}']);
  made[0]?.ends();
  vi.advanceTimersByTime(999);
  expect(made.length).toBe(1);
  vi.advanceTimersByTime(1);
  expect(made.length).toBe(2);
  made[1]?.opens();
  made[1]?.ends();
  vi.advanceTimersByTime(2000);
  expect(made.length).toBe(3);
  made[2]?.opens();
  vi.advanceTimersByTime(times.sound);
  made[2]?.ends();
  vi.advanceTimersByTime(1000);
  expect(made.length).toBe(4);
  expect(states).toEqual(['connecting', 'open', 'waiting', 'connecting', 'open', 'waiting', 'connecting', 'open', 'waiting', 'connecting']);
});

it('does not insist where it is refused', () => {
  link();
  made[0]?.opens();
  made[0]?.ends(1008);
  vi.advanceTimersByTime(times.most - 1);
  expect(made.length).toBe(1);
  vi.advanceTimersByTime(1);
  expect(made.length).toBe(2);
});

it('gives up on a handshake that takes too long', () => {
  link();
  vi.advanceTimersByTime(times.handshake);
  expect(made[0]?.closed).toBe(true);
  vi.advanceTimersByTime(1000);
  expect(made.length).toBe(2);
});

it('comes back at once with the connection, and never after it was closed', () => {
  const one = link();
  made[0]?.opens();
  page.dispatchEvent(new Event('offline'));
  expect(states.at(-1)).toBe('waiting');
  page.dispatchEvent(new Event('online'));
  expect(made.length).toBe(2);
  one.close();
  expect(made[1]?.closed).toBe(true);
  page.dispatchEvent(new Event('online'));
  vi.advanceTimersByTime(120_000);
  expect(made.length).toBe(2);
});
