import { expect, it } from 'vitest';
import { withOldFilters } from './oldFilters';

const read = (address: string) => JSON.parse(new URLSearchParams(address.split('?')[1]).get('filter') ?? '{}');

it('takes the filters of old addresses along', () => {
  expect(withOldFilters('/devices', '')).toBe('/devices');
  expect(withOldFilters('/devices', '?config__status__exact=')).toBe('/devices');
  expect(read(withOldFilters('/devices', '?config__status__exact=applied&with_geo=true'))).toEqual({ config__status: 'applied', with_geo: true });
  expect(read(withOldFilters('/devices', '?organization__id__exact=7&model__exact=A%26B'))).toEqual({ organization: '7', model__exact: 'A&B' });
  expect(read(withOldFilters('/wifi-sessions', '?stop_time__isnull=True'))).toEqual({ stop_time__isnull: true });
});
