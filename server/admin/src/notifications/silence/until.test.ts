import { expect, it } from 'vitest';
import { holds, untilOf } from './until';

const now = new Date('2026-11-29T12:00:00Z');

it('ends after the length that was chosen', () => {
  expect(untilOf('hour', now)).toBe('2026-11-29T13:00:00.000Z');
  expect(untilOf('month', now)).toBe('2026-12-29T12:00:00.000Z');
  expect(untilOf('ever', now)).toBeNull();
});

it('holds until then', () => {
  expect(holds({ valid_till: '2026-11-29T12:00:01Z' }, now)).toBe(true);
  expect(holds({ valid_till: '2026-11-29T12:00:00Z' }, now)).toBe(false);
  expect(holds({ valid_till: null }, now)).toBe(true);
  expect(holds(undefined, now)).toBe(false);
});
