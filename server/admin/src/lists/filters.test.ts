import { expect, it } from 'vitest';
import { sameFilters } from './filters';

it('compares filters whatever their order, without the empty ones', () => {
  expect(sameFilters({ a: 1, b: false }, { b: false, a: 1, c: '' })).toBe(true);
  expect(sameFilters({ a: 1 }, { a: 2 })).toBe(false);
  expect(sameFilters({ a: false }, {})).toBe(false);
});
