import { expect, it } from 'vitest';
import type { Preference } from '../types';
import { everythingOf, followsOf, groupsOf, stateOf, typesOf, wishOf } from './lines';

const line = (organization: string | null, type: string | null, more: Partial<Preference> = {}): Preference => ({
  id: `${organization} ${type}`,
  organization,
  organization_name: organization?.toUpperCase() ?? null,
  type,
  type_label: type && `The ${type}`,
  web: true,
  email: true,
  web_inherited: true,
  email_inherited: true,
  ...more,
});
const lines = [line(null, null, { email: false }), line('b', 'error'), line('b', 'new', { email: false }), line('a', 'error', { web: false, email: false }), line('a', 'new', { web: false, email: false })];

it('puts lines together by organization', () => {
  expect(everythingOf(lines)?.id).toBe('null null');
  expect(groupsOf(lines).map(({ id, name, lines: own }) => [id, name, own.length])).toEqual([
    ['b', 'B', 2],
    ['a', 'A', 2],
  ]);
  expect(typesOf(lines)).toEqual([
    { id: 'error', name: 'The error' },
    { id: 'new', name: 'The new' },
  ]);
});

it('sees whether all of an organization is on', () => {
  const [b, a] = groupsOf(lines);
  expect([stateOf(b?.lines ?? [], 'web'), stateOf(b?.lines ?? [], 'email'), stateOf(a?.lines ?? [], 'web')]).toEqual(['on', 'some', 'off']);
});

it('asks for the web with the e-mail', () => {
  expect([wishOf('email', true), wishOf('email', false), wishOf('web', false)]).toEqual([{ web: true, email: true }, { email: false }, { web: false }]);
});

it('says what a line follows', () => {
  expect([followsOf(lines[0], 'web'), followsOf(lines[0], 'email')]).toEqual(['as usual', 'as for everything']);
});
