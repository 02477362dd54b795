import { expect, test } from 'vitest';
import { silences, silent, silentFilter } from './seen';

const now = Date.parse('2026-03-04T05:06:07Z');
const ago = (seconds: number) => new Date(now - seconds * 1000).toISOString();

test('a device is silent after three polls', () => {
  expect(silent({ last_seen: ago(300), config: null }, now)).toBe(false);
  expect(silent({ last_seen: ago(361), config: null }, now)).toBe(true);
  expect(silent({ last_seen: ago(361), config: null }, now, 600)).toBe(false);
});

test('what was never heard of, or need not be, is not silent', () => {
  expect(silent({ last_seen: null, config: null }, now)).toBe(false);
  expect(silent({ last_seen: ago(9000), config: null, is_deactivated: true }, now)).toBe(false);
  expect(silent({ last_seen: ago(9000), config: { backend: '', status: 'deactivated' } }, now)).toBe(false);
});

test('the number of the overview leads to the same devices', () => {
  expect(silentFilter({ silent_after: 600 })).toEqual({ silent_for: '600', is_deactivated: false });
  expect(silentFilter({}).silent_for).toBe(silences[0]?.id);
});
