/** What lists of notifications watch: the socket of notifications tells of it, not the one of objects. */
export const notificationKind = 'openwisp_notifications.notification';

/** The keys of what the bell reads. */
export const keys = { all: ['notifications'] as const, unread: ['notifications', 'unread'] as const, list: ['notifications', 'told'] as const };

/** The most that is counted (spec: notifications §8). */
export const mostCounted = 99;

/** How a count stands on the bell. */
export function badgeOf(count: number): string {
  return count > mostCounted ? `${mostCounted}+` : String(count);
}
