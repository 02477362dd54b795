import { expect, test } from 'vitest';
import { definedBy, pathOf, usedBy, verdict } from './variableReport';

test('a report is told in a sentence', () => {
  expect(verdict({ devices: 1, undefined: [], unused: [] })).toBe('1 device in service: every variable is defined and used.');
  const missing = { name: 'a', used: ['wlan', 'lan'], own: true, devices: 3, sample: 'ap', sample_id: '1' };
  expect(verdict({ devices: 3, undefined: [missing], unused: [] })).toBe('3 devices in service: 1 used and not defined, 0 defined and not used.');
  expect(usedBy(missing)).toBe("wlan, lan, devices' own configurations");
  expect(usedBy({ ...missing, used: [], own: false })).toBe('values of other variables');
});

test('who defines what nobody uses has a page', () => {
  const unused = { name: 'a', origin: 'group', id: '7', of: 'roofs', devices: 0 } as const;
  expect([definedBy(unused), pathOf(unused)]).toEqual(['the group roofs', '/devicegroups/7']);
  expect([definedBy({ ...unused, origin: 'organization' }), pathOf({ ...unused, origin: 'organization' })]).toEqual(['the organization', undefined]);
  expect(definedBy({ ...unused, origin: 'device', of: 'ap1', devices: 1 })).toBe('the device ap1');
  expect([definedBy({ ...unused, origin: 'device', of: 'ap1', devices: 2 }), pathOf({ ...unused, origin: 'device' })]).toEqual(['2 devices, such as ap1', '/devices/7']);
  expect([definedBy({ ...unused, origin: 'template' }), pathOf({ ...unused, origin: 'template' })]).toEqual(['the template roofs', '/templates/7']);
});
