// How times, amounts and states are said.
import type { StatusName } from '../design/tokens';
import type { InGroup, RadiusGroup } from './types';

/** Seconds as people say them: 1 h 5 min. */
export function lasted(seconds: number | null): string {
  if (seconds === null) return '';
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  if (hours > 0) return `${hours} h ${minutes} min`;
  if (minutes > 0) return `${minutes} min ${seconds % 60} s`;
  return `${seconds} s`;
}

/** Octets as people say them: 1.5 GB, in powers of ten as limits are. */
export function amount(octets: number | null): string {
  if (octets === null) return '';
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let n = octets;
  let unit = 0;
  while (n >= 1000 && unit < units.length - 1) {
    n /= 1000;
    unit += 1;
  }
  return `${unit === 0 || n >= 100 ? Math.round(n) : n.toFixed(1)} ${units[unit]}`;
}

/** What a limit means, for values that are numbers. */
export function meaning(attribute: string, value: string): string {
  const n = Number(value);
  if (value.trim() === '' || !Number.isFinite(n)) return '';
  if (/traffic|octets/i.test(attribute)) return amount(n);
  if (/session|timeout/i.test(attribute)) return lasted(n);
  return '';
}

/** The groups that somebody may come into: those of the person's organizations in which the person is not yet. */
export function groupsFor(groups: RadiusGroup[], organizations: string[], taken: InGroup[]): RadiusGroup[] {
  return groups.filter(({ id, organization }) => organizations.includes(organization) && !taken.some(({ group }) => group === id));
}

/** How far a guest is. */
export function guestStatus(status: string): { status: StatusName; word: string } {
  switch (status) {
    case 'approved':
      return { status: 'ok', word: 'may come in' };
    case 'waiting':
      return { status: 'problem', word: 'waiting' };
    case 'refused':
      return { status: 'off', word: 'refused' };
    case 'lapsed':
      return { status: 'off', word: 'not answered' };
    default:
      return { status: 'off', word: 'ended' };
  }
}

/** How far a batch of users is. */
export function batchStatus(status: string): { status: StatusName; word: string } {
  switch (status) {
    case 'completed':
      return { status: 'ok', word: 'complete' };
    case 'failed':
      return { status: 'problem', word: 'failed' };
    case 'processing':
      return { status: 'waiting', word: 'under way' };
    default:
      return { status: 'waiting', word: 'waiting' };
  }
}

/** Whether an attribute's value lets whoever knows it in, or helps to. */
export function isSecret(attribute: string): boolean {
  return /-Password$|^Password-/.test(attribute);
}

/** What is left of a document without the fields of a form that nobody filled in. A null that was there before stays: it takes a default away. */
export function withoutEmpty(value: unknown, before?: unknown): unknown {
  if (value === undefined || value === '' || (value === null && before !== null)) return undefined;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const known = (typeof before === 'object' && before !== null ? before : {}) as Record<string, unknown>;
  const kept = Object.entries(value)
    .map(([key, part]) => [key, withoutEmpty(part, known[key])] as const)
    .filter(([, part]) => part !== undefined);
  return kept.length === 0 && Object.keys(known).length === 0 ? undefined : Object.fromEntries(kept);
}
