import { expect, it } from 'vitest';
import { concerns } from '../app/concerns';
import { didWhat, fieldName, idsIn, initials, kindName, kindsOf, referenceOf, shown } from './trail';

const kinds = kindsOf(concerns);
const references = Object.assign({}, ...concerns.map((concern) => concern.references)) as Record<string, string>;

it('names what was changed in words', () => {
  expect(fieldName('Config.ErrorReason')).toBe('config: error reason');
  expect(fieldName('MACAddress')).toBe('MAC address');
  expect(fieldName('OrganizationID')).toBe('organization');
  expect(fieldName('IsActive')).toBe('is active');
  expect(fieldName('LastIP')).toBe('last IP');
  expect(fieldName('ID')).toBe('ID');
  expect(fieldName('OS')).toBe('OS');
  expect(kindName(kinds, 'config.device')).toBe('Device');
  expect(kindName(kinds, 'something.new')).toBe('something.new');
});

it('knows which fields refer to what', () => {
  expect(referenceOf(references, 'OrganizationID')).toBe('organizations');
  expect(referenceOf(references, 'Config.Templates')).toBe('templates');
  expect(referenceOf(references, 'Name')).toBeUndefined();
  expect(idsIn(['a', 'b'])).toEqual(['a', 'b']);
  expect(idsIn(3)).toEqual(['3']);
  expect(idsIn(null)).toEqual([]);
});

it('shows values as text', () => {
  expect(shown(null)).toBe('–');
  expect(shown(false)).toBe('no');
  expect(shown({ a: 1 })).toBe('{\n "a": 1\n}');
});

it('says what an event did', () => {
  const fields = ['Name', 'Notes', 'MACAddress', 'OS'].map((field) => ({ field }));
  expect(didWhat({ action: 'add', fields })).toBe('added');
  expect(didWhat({ action: 'change', fields: fields.slice(0, 2) })).toBe('changed name, notes of');
  expect(didWhat({ action: 'change', fields })).toBe('changed name, notes and 2 more of');
  expect([initials('Petra Kos'), initials('admin'), initials('')]).toEqual(['PK', 'AD', '?']);
});
