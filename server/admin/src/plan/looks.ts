// How plans, rollouts and the steps of devices stand, as shapes and words.
import type { StatusName } from '../design/tokens';
import type { Plan, Rollout, WaveProgress } from './types';

interface Look {
  status: StatusName;
  word: string;
}

/** How a plan stands. */
export function planLook(status: Plan['status']): Look {
  const looks: Record<Plan['status'], Look> = {
    draft: { status: 'off', word: 'draft' },
    computing: { status: 'waiting', word: 'being rehearsed' },
    planned: { status: 'unknown', word: 'planned' },
    applying: { status: 'waiting', word: 'being applied' },
    applied: { status: 'ok', word: 'applied' },
    rolled_back: { status: 'problem', word: 'taken back' },
  };
  return looks[status] ?? { status: 'unknown', word: status };
}

/** How a rollout stands. */
export function rolloutLook(status: Rollout['status']): Look {
  const looks: Record<Rollout['status'], Look> = {
    running: { status: 'waiting', word: 'running' },
    paused: { status: 'problem', word: 'paused' },
    stopped: { status: 'critical', word: 'stopped' },
    cancelling: { status: 'waiting', word: 'being cancelled' },
    rolling_back: { status: 'waiting', word: 'being taken back' },
    done: { status: 'ok', word: 'done' },
    cancelled: { status: 'off', word: 'cancelled' },
    rolled_back: { status: 'problem', word: 'taken back' },
  };
  return looks[status] ?? { status: 'unknown', word: status };
}

/** How the step of a device stands. */
export function stepLook(state: string): Look {
  const looks: Record<string, Look> = {
    waiting: { status: 'off', word: 'waiting' },
    offline: { status: 'unknown', word: 'not in touch' },
    running: { status: 'waiting', word: 'under way' },
    done: { status: 'ok', word: 'done' },
    failed: { status: 'critical', word: 'failed' },
    skipped: { status: 'off', word: 'skipped' },
    expired: { status: 'problem', word: 'did not return' },
    cancelled: { status: 'off', word: 'not begun' },
    to_undo: { status: 'waiting', word: 'to be taken back' },
    undoing: { status: 'waiting', word: 'being taken back' },
    undone: { status: 'problem', word: 'taken back' },
  };
  return looks[state] ?? { status: 'unknown', word: state };
}

/** The states in the order in which they are told. */
export const states = ['done', 'running', 'waiting', 'offline', 'failed', 'skipped', 'expired', 'to_undo', 'undoing', 'undone', 'cancelled'];

/** What a wave is made of, as a sentence: "12 done, 3 waiting". */
export function waveWords({ states: by }: WaveProgress): string {
  return states
    .filter((state) => by[state])
    .map((state) => `${(by[state] as number).toLocaleString()} ${stepLook(state).word}`)
    .join(', ');
}

/** How many devices of a wave are through, whatever became of them. */
export function through({ size, states: by }: WaveProgress): number {
  const open = ['waiting', 'offline', 'running', 'to_undo', 'undoing'];
  return size - open.reduce((n, state) => n + (by[state] ?? 0), 0);
}
