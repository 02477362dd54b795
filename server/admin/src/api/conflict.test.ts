import { expect, it } from 'vitest';
import { changedByOthers } from './conflict';

const before = { notes: 'a', name: 'n', config: { status: 'modified', templates: ['t'], context: { a: 1 } } };

it('is a conflict when the field itself was changed to something else', () => {
  expect(changedByOthers({ notes: 'mine' }, before, { ...before, notes: 'theirs' })).toEqual(['notes']);
  expect(changedByOthers({ notes: 'mine' }, before, { ...before, name: 'theirs' })).toEqual([]);
  expect(changedByOthers({ notes: 'both' }, before, { ...before, notes: 'both' })).toEqual([]);
});

it('looks inside an object only at what is to be saved', () => {
  const change = { config: { templates: ['t', 'u'], context: { a: 1 } } };
  expect(changedByOthers(change, before, { ...before, config: { ...before.config, status: 'applied' } })).toEqual([]);
  expect(changedByOthers(change, before, { ...before, config: { ...before.config, context: { a: 2 } } })).toEqual(['config']);
});

it('knows nothing of fields that were not read', () => {
  expect(changedByOthers({ tag_names: ['x'] }, before, before)).toEqual([]);
});
