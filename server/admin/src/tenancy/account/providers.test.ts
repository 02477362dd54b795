import { expect, test } from 'vitest';
import { providersIn } from './providers';

test('only what is a provider of this server is one', () => {
  const good = { label: 'Campus', url: '/accounts/oidc/login/' };
  expect(providersIn({ providers: [good, { label: 'x', url: 'https://evil.example.org/' }, { label: 'x', url: '//evil' }, { url: '/a' }, null] })).toEqual([good]);
  for (const answer of [null, {}, { providers: 'no' }, 'text']) expect(providersIn(answer)).toEqual([]);
});
