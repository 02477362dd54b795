import { expect, it } from 'vitest';
import { placeOf, targetOf } from './target';

const id = '37090f92-5f9b-4a70-9c8f-0d5a0a1b2c3d';

it('opens pages of the admin within it, under whatever name the server has', () => {
  expect(placeOf(`https://example.com/admin/config/device/${id}/change/#config-group`)).toEqual({ to: `/config/device/${id}/change/#config-group` });
  expect(placeOf('https://example.com/manual?x=1')).toEqual({ href: 'https://example.com/manual?x=1' });
  expect(placeOf('/files/a')).toEqual({ href: '/files/a' });
  expect(['#', '', 'javascript:alert(1)', 'http://['].map(placeOf)).toEqual([undefined, undefined, undefined, undefined]);
});

it('knows the object', () => {
  expect(targetOf(`https://example.com/admin/config/device/${id}/change/`)).toEqual({ app: 'config', model: 'device', id });
  expect(targetOf('https://example.com/admin/devices/')).toBeUndefined();
});
