import { expect, test } from 'vitest';
import { whoisFacts } from './whois';

test('the facts of an address are those that are known', () => {
  expect(whoisFacts(undefined)).toEqual([]);
  expect(whoisFacts(null)).toEqual([]);
  expect(whoisFacts({ ip_address: '9.9.9.9', isp: '' })).toEqual([]);
  expect(
    whoisFacts({
      ip_address: '9.9.9.9',
      isp: 'Quad9',
      asn: '19281',
      timezone: 'Europe/Zurich',
      cidr: '9.9.9.0/24',
      address: { city: 'Zurich', country: 'Switzerland', continent: '', postal: '' },
    }),
  ).toEqual([
    ['Operator of that address', 'Quad9 · AS19281'],
    ['Where that is, roughly', 'Zurich, Switzerland'],
    ['Network of that address', '9.9.9.0/24 · Europe/Zurich'],
  ]);
});
