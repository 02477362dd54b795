import { expect, it } from 'vitest';
import { savedElsewhere } from './saved';

const filled = { id: 1, name: 'a', config: { status: 'applied', config: { x: 1 } }, tags: ['b'], modified: '1' };

it('sees what others saved, and not what changes by itself', () => {
  expect(savedElsewhere(filled, { ...filled, modified: '2' })).toBe(false);
  expect(savedElsewhere(filled, { ...filled, name: 'b' })).toBe(true);
  expect(savedElsewhere(filled, { ...filled, tags: ['b', 'c'] })).toBe(true);
  expect(savedElsewhere(filled, { ...filled, config: { ...filled.config, config: { x: 2 } } })).toBe(true);
  expect(savedElsewhere(filled, { id: 1, name: 'a', more: 1 })).toBe(false);
});

it('looks at the fields given only', () => {
  const next = { ...filled, config: { status: 'error', config: { x: 1 } } };
  expect(savedElsewhere(filled, next)).toBe(true);
  expect(savedElsewhere(filled, next, ['name', 'config.config'])).toBe(false);
  expect(savedElsewhere(filled, { ...next, config: null }, ['config.config'])).toBe(true);
});
