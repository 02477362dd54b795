import { expect, it } from 'vitest';
import { nextOf } from './Login';

it('leads on to paths of its own origin only', () => {
  const next = (to: string) => nextOf(`?next=${encodeURIComponent(to)}`, 'https://net.example');
  expect(next('/api/v1/notifications/notification/1/redirect/?a=b')).toBe('/api/v1/notifications/notification/1/redirect/?a=b');
  expect(['//evil.example/x', '/\\evil.example', 'https://evil.example/', 'javascript:alert(1)', ''].map(next)).toEqual([undefined, undefined, undefined, undefined, undefined]);
  expect(nextOf('', 'https://net.example')).toBeUndefined();
});
