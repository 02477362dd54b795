// For how long an object is silenced.

const hour = 3_600_000;

/** The lengths that are offered, in hours; null is for ever (spec: notifications §10). */
export const lengths = [
  { id: 'hour', name: 'For an hour', hours: 1 },
  { id: 'day', name: 'For a day', hours: 24 },
  { id: 'week', name: 'For a week', hours: 7 * 24 },
  { id: 'month', name: 'For 30 days', hours: 30 * 24 },
  { id: 'ever', name: 'Until you end it', hours: null },
] as const;

/** One of them. */
export type Length = (typeof lengths)[number]['id'];

/** When a silence that begins now ends, as the API takes it. */
export function untilOf(length: Length, now: Date): string | null {
  const hours = lengths.find(({ id }) => id === length)?.hours ?? null;
  return hours === null ? null : new Date(now.getTime() + hours * hour).toISOString();
}

/** Whether a silence holds. */
export function holds(silence: { valid_till: string | null } | undefined | null, now: Date): boolean {
  return Boolean(silence) && (!silence?.valid_till || new Date(silence.valid_till) > now);
}
