import { expect, it } from 'vitest';
import { followed, looked, taken } from './inPlace';

const row = (id: string, status = 'ok') => ({ id, status });
const begun = taken('page 1', [row('a'), row('b'), row('c')], 3);

it('changes rows where they stand', () => {
  const next = followed(begun, [row('b', 'error'), row('a'), row('c')], 3);
  expect(next.rows).toEqual([row('a'), row('b', 'error'), row('c')]);
  expect([...next.changed]).toEqual(['b']);
  expect([next.fresh, next.moved]).toEqual([0, true]);
});

it('announces what is new and does not push', () => {
  const next = followed(begun, [row('n'), row('a'), row('b'), row('c'), row('m')], 5);
  expect(next.rows.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  expect([next.fresh, next.moved]).toEqual([2, true]);
  // one that came in the place of one that went is not new
  expect(followed(begun, [row('a'), row('b'), row('d')], 3).fresh).toBe(0);
});

it('keeps what left, and finds out whether it is gone', () => {
  const next = followed(begun, [row('a'), row('d')], 2);
  expect([...next.left]).toEqual(['b', 'c']);
  expect(next.rows.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  const { shown, gone } = looked(next, [row('b', 'applied')]);
  expect(shown.rows).toEqual([row('a'), row('b', 'applied'), row('c')]);
  expect([[...gone], [...shown.changed]]).toEqual([['c'], ['b']]);
});

it('says nothing where nothing changed', () => {
  const next = followed(begun, [row('a'), row('b'), row('c')], 3);
  expect([next.changed.size, next.left.size, next.fresh, next.moved]).toEqual([0, 0, 0, false]);
});
