// Times of maintenance in words, and as fields of a form: dates in the zone that was chosen.
import type { Maintenance } from './healthTypes';

const day: Intl.DateTimeFormatOptions = { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' };

/** When it is. */
export function timesInWords({ start, end, repeat, time_zone: timeZone, until }: Pick<Maintenance, 'start' | 'end' | 'repeat' | 'time_zone' | 'until'>, locale?: string): string {
  const from = new Date(start);
  const to = new Date(end);
  const clock = (at: Date) => at.toLocaleTimeString(locale, { timeZone, hour: '2-digit', minute: '2-digit' });
  const date = (at: Date) => at.toLocaleDateString(locale, { timeZone, ...day });
  const zone = `, ${timeZone}`;
  if (repeat === 'daily') return `every day ${clock(from)} to ${clock(to)}${zone}${until ? `, until ${date(new Date(until))}` : ''}`;
  if (repeat === 'weekly') return `every ${from.toLocaleDateString(locale, { timeZone, weekday: 'long' })} ${clock(from)} to ${clock(to)}${zone}${until ? `, until ${date(new Date(until))}` : ''}`;
  const same = date(from) === date(to);
  return `${date(from)} ${clock(from)} to ${same ? '' : `${date(to)} `}${clock(to)}${zone}`;
}

/** Which devices, where no group is meant. */
export function whoInWords({ devices }: Pick<Maintenance, 'devices'>): string {
  if (devices.length === 0) return 'all devices';
  return devices.length === 1 ? 'one device' : `${devices.length} devices`;
}

/** How far a zone is from UTC at a moment, in minutes. */
export function offsetOf(at: Date, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' }).formatToParts(at);
  const part = (type: string) => Number(parts.find((one) => one.type === type)?.value);
  return Math.round((Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second')) - at.getTime()) / 60_000);
}

/** A moment as the field of a form has it: the clock of a zone, 2026-12-01T22:30. */
export function localOf(text: string | null | undefined, timeZone: string): string {
  if (!text) return '';
  const at = new Date(text);
  return new Date(at.getTime() + offsetOf(at, timeZone) * 60_000).toISOString().slice(0, 16);
}

/** What a field means in a zone, in UTC. A time that a change of clocks leaves out is the one an hour later. */
export function momentOf(local: string, timeZone: string): string {
  const asUTC = new Date(`${local}:00Z`);
  const guess = new Date(asUTC.getTime() - offsetOf(asUTC, timeZone) * 60_000);
  return new Date(asUTC.getTime() - offsetOf(guess, timeZone) * 60_000).toISOString();
}

/** The zones the browser knows, UTC first. */
export function zones(): string[] {
  const known = typeof Intl.supportedValuesOf === 'function' ? Intl.supportedValuesOf('timeZone') : [];
  return ['UTC', ...known.filter((name) => name !== 'UTC')];
}
