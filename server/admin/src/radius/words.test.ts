import { expect, test } from 'vitest';
import { batchStatus, amount, groupsFor, lasted, meaning, withoutEmpty } from './words';

test('times', () => {
  expect([null, 0, 59, 61, 3600, 10_800, 90_061].map(lasted)).toEqual(['', '0 s', '59 s', '1 min 1 s', '1 h 0 min', '3 h 0 min', '25 h 1 min']);
});

test('amounts', () => {
  expect([null, 0, 999, 1500, 3_000_000_000, 10_101_010_101, 123_456_789].map(amount)).toEqual(['', '0 B', '999 B', '1.5 kB', '3.0 GB', '10.1 GB', '123 MB']);
});

test('limits', () => {
  expect(meaning('Max-Daily-Session', '10800')).toBe('3 h 0 min');
  expect(meaning('Max-Daily-Session-Traffic', '3000000000')).toBe('3.0 GB');
  expect(meaning('CoovaChilli-Max-Total-Octets', '1000')).toBe('1.0 kB');
  expect(meaning('Max-Daily-Session', 'broken')).toBe('');
  expect(meaning('Max-Daily-Session', ' ')).toBe('');
  expect(meaning('Class', '7')).toBe('');
});

test('groups that somebody may come into', () => {
  const groups = [
    { id: '1', organization: 'a' },
    { id: '2', organization: 'a' },
    { id: '3', organization: 'b' },
  ].map((group) => ({ name: group.id, description: '', default: false, created: '', modified: '', ...group }));
  const found = (organizations: string[], taken: string[]) => groupsFor(groups, organizations, taken.map((group) => ({ id: `m${group}`, group, priority: 1 }))).map(({ id }) => id);
  expect(found(['a'], [])).toEqual(['1', '2']);
  expect(found(['a', 'b'], ['1'])).toEqual(['2', '3']);
  expect(found([], [])).toEqual([]);
});

test('states of batches', () => {
  expect(['pending', 'processing', 'completed', 'failed'].map((state) => batchStatus(state).status)).toEqual(['waiting', 'waiting', 'ok', 'problem']);
});

test('a document keeps what was typed, and nulls that were there', () => {
  expect(withoutEmpty({ name: '', client: { theme: { primary: null, css: 'a{}' }, css: [] } })).toEqual({ client: { theme: { css: 'a{}' }, css: [] } });
  expect(withoutEmpty({ client: { favicon: null, js: null } }, { client: { favicon: null } })).toEqual({ client: { favicon: null } });
  expect(withoutEmpty({ name: null })).toBeUndefined();
});
