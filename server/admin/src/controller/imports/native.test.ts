import { expect, it } from 'vitest';
import { groupsOf, isEmpty, placeOf } from './native';

it('says where something was', () => {
  expect(placeOf({ kind: 'raw', package: 'network', section: 'lan', option: 'mtu', reason: 'x' })).toBe('network › lan › mtu');
  expect(placeOf({ kind: 'raw', package: 'dhcp', reason: 'x' })).toBe('dhcp');
  expect(placeOf({ kind: 'dropped', reason: 'x' })).toBe('the whole');
});

it('tells what was left out before what was kept', () => {
  const note = (kind: string, option: string) => ({ kind, option, reason: 'x' });
  const groups = groupsOf([note('raw', 'a'), note('changed', 'b'), note('dropped', 'c'), note('raw', 'd'), note('guessed', 'e')]);
  expect(groups.map(({ kind, notes }) => [kind.title, notes.map(({ option }) => option)])).toEqual([
    ['guessed', ['e']],
    ['Left out', ['c']],
    ['Written otherwise', ['b']],
    ['Kept word by word', ['a', 'd']],
  ]);
  expect(groupsOf([])).toEqual([]);
});

it('knows when there was nothing to read', () => {
  expect(isEmpty({ config: {}, notes: [], more: 0 })).toBe(true);
  expect(isEmpty({ config: null, notes: [], more: 0 })).toBe(true);
  expect(isEmpty({ config: { general: {} }, notes: [], more: 0 })).toBe(false);
});
