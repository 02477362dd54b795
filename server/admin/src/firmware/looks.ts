// How operations, mass upgrades and images stand, as shapes and words; and the risk of options.
import type { StatusName } from '../design/tokens';
import type { BatchStatus, Image, Operation, Target } from './types';

interface Look {
  status: StatusName;
  word: string;
}

/** How an operation stands. */
export function operationLook({ status, waiting }: Pick<Operation, 'status' | 'waiting'>): Look {
  const looks: Record<Operation['status'], Look> = {
    'in-progress': waiting ? { status: 'off', word: 'waits for its turn' } : { status: 'waiting', word: 'under way' },
    pending: { status: 'unknown', word: 'not reached yet' },
    success: { status: 'ok', word: 'upgraded' },
    failed: { status: 'critical', word: 'failed' },
    aborted: { status: 'problem', word: 'aborted' },
    cancelled: { status: 'off', word: 'cancelled' },
  };
  return looks[status] ?? { status: 'unknown', word: status };
}

/** How a mass upgrade stands. */
export function batchLook(status: BatchStatus): Look {
  const looks: Record<BatchStatus, Look> = {
    idle: { status: 'waiting', word: 'about to begin' },
    scheduled: { status: 'unknown', word: 'scheduled' },
    'in-progress': { status: 'waiting', word: 'under way' },
    success: { status: 'ok', word: 'done' },
    failed: { status: 'critical', word: 'failed' },
    cancelled: { status: 'off', word: 'cancelled' },
  };
  return looks[status] ?? { status: 'unknown', word: status };
}

/** What an image says of itself. */
export function imageLook({ extraction_status: said }: Pick<Image, 'extraction_status'>): Look {
  const looks: Record<string, Look> = {
    success: { status: 'ok', word: 'says that it fits' },
    manually_confirmed: { status: 'problem', word: 'confirmed by somebody' },
    invalid: { status: 'critical', word: 'says that it is for other hardware' },
  };
  return looks[said] ?? { status: 'off', word: 'says nothing of itself' };
}

/** A size for people. */
export function bytes(n: number): string {
  if (n < 1024) return `${n} B`;
  if (n < 1024 ** 2) return `${(n / 1024).toFixed(0)} KiB`;
  return `${(n / 1024 ** 2).toFixed(1)} MiB`;
}

/** Said of every upgrade: only some hardware has a way back. */
export const wayBack = 'A device with two places for systems (A/B) keeps the one it runs now in the other, and falls back to it; any other has no way back.';

/** What options mean for a device, by the letters of sysupgrade; the worst first. */
export function risksOf(options: Record<string, unknown>): { status: StatusName; text: string }[] {
  const risks: { status: StatusName; text: string }[] = [];
  if (options.F) risks.push({ status: 'critical', text: 'Flashed even when the device refuses the image: one for other hardware makes it unusable.' });
  if (options.n) risks.push({ status: 'critical', text: 'Settings are lost: the device comes back only when the image itself lets it register.' });
  if (options.p) risks.push({ status: 'problem', text: 'The partition table is not restored: what lies on other partitions, the other system of A/B too, may be lost.' });
  if (!options.n && !options.c && !options.o) risks.push({ status: 'ok', text: 'Settings are kept: the files that the packages name as configuration.' });
  if (!options.n && (options.c || options.o)) risks.push({ status: 'ok', text: 'Settings are kept, with all changed files.' });
  risks.push({ status: 'unknown', text: wayBack });
  return risks;
}

/** Targets told apart: those that get an image, and why the others do not, the most frequent reason first. */
export function sorted(targets: Target[], firmwareless: boolean): { chosen: Target[]; reasons: { why: string; targets: Target[] }[] } {
  const chosen: Target[] = [];
  const by = new Map<string, Target[]>();
  for (const target of targets) {
    const why = target.skip || (!firmwareless && target.device_firmware === null ? 'What it runs is not known, and such devices are not wanted.' : '');
    if (!why) chosen.push(target);
    else by.set(why, [...(by.get(why) ?? []), target]);
  }
  return { chosen, reasons: [...by].map(([why, list]) => ({ why, targets: list })).sort((a, b) => b.targets.length - a.targets.length) };
}

/** How large the waves will be: the engine takes at least one device for a part. */
export function waveSizes(total: number, waves: { devices?: string[]; percent?: number; count?: number }[]): number[] {
  let left = total;
  const sizes: number[] = [];
  for (const { devices, percent, count } of waves) {
    const want = devices?.length ? devices.length : percent ? Math.max(1, Math.floor((percent * total) / 100 + 0.5)) : (count ?? left);
    const size = Math.min(want, left);
    if (size > 0) sizes.push(size);
    left -= size;
  }
  if (left > 0) sizes.push(left);
  return sizes;
}
