import { expect, it } from 'vitest';
import { randomKey, slugOf } from './naming';

it.each([
  ['Acme Wireless', 'acme-wireless'],
  ['  Città di Torino! ', 'citta-di-torino'],
  ['a_b--c', 'a_b-c'],
  ['日本', ''],
])('the slug of %j is %j', (name, want) => {
  expect(slugOf(name)).toBe(want);
});

it('makes keys the API accepts', () => {
  expect(randomKey(32)).toMatch(/^[A-Za-z0-9]{32}$/);
  expect(randomKey(32)).not.toBe(randomKey(32));
});

it('skips bytes that would make some letters likelier', () => {
  let calls = 0;
  const key = randomKey(4, (bytes) => bytes.fill(calls++ === 0 ? 255 : 1));
  expect(key).toBe('BBBB');
  expect(calls).toBe(2);
});
