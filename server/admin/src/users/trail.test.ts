import { expect, it } from 'vitest';
import { fieldName, idsIn, kindName, referenceOf, shown } from './trail';

it('names what was changed in words', () => {
  expect(fieldName('Config.ErrorReason')).toBe('config: error reason');
  expect(fieldName('MACAddress')).toBe('MAC address');
  expect(fieldName('OrganizationID')).toBe('organization');
  expect(fieldName('IsActive')).toBe('is active');
  expect(fieldName('LastIP')).toBe('last IP');
  expect(fieldName('ID')).toBe('ID');
  expect(fieldName('OS')).toBe('OS');
  expect(kindName('config.device')).toBe('Device');
  expect(kindName('something.new')).toBe('something.new');
});

it('knows which fields refer to what', () => {
  expect(referenceOf('OrganizationID')).toBe('organizations');
  expect(referenceOf('Config.Templates')).toBe('templates');
  expect(referenceOf('Name')).toBeUndefined();
  expect(idsIn(['a', 'b'])).toEqual(['a', 'b']);
  expect(idsIn(3)).toEqual(['3']);
  expect(idsIn(null)).toEqual([]);
});

it('shows values as text', () => {
  expect(shown(null)).toBe('–');
  expect(shown(false)).toBe('no');
  expect(shown({ a: 1 })).toBe('{\n "a": 1\n}');
});
