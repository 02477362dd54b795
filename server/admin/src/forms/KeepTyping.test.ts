import { expect, test } from 'vitest';
import { typedSince } from './KeepTyping';

test('what is as it was sent is not kept, what was typed since is', () => {
  const sent = { name: 'ap', notes: '', config: { a: 1 } };
  expect(typedSince(sent, { name: 'ap', notes: '', config: { a: 1 } })).toEqual({});
  expect(typedSince(sent, { name: 'ap', notes: 'roof', config: { a: 2 } })).toEqual({ notes: 'roof', config: { a: 2 } });
  expect(typedSince(sent, { ...sent, model: 'new' })).toEqual({ model: 'new' });
});
