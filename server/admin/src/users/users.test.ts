import { expect, it } from 'vitest';
import { permissionsByModel } from './permissions';
import { newUserBody } from './UserCreate';
import { changedUser } from './UserEdit';
import { templateBody } from '../templates/TemplateForm';

it('gathers permissions by model', () => {
  expect(
    permissionsByModel(['33: user | Can add user', '34: user | Can change user', '7: ip address | Can view ip address', 'odd']),
  ).toEqual([
    { model: 'user', names: ['add', 'change'] },
    { model: 'ip address', names: ['view'] },
    { model: 'other', names: ['odd'] },
  ]);
});

it('sends a new user with one membership or none', () => {
  const { organization_users: none } = newUserBody({ username: 'a', membership: { is_admin: true } });
  expect(none).toEqual([]);
  expect(newUserBody({ username: 'a', phone_number: null, birth_date: null, membership: { organization: 'o' } })).toEqual({
    username: 'a',
    organization_users: [{ organization: 'o', is_admin: false }],
  });
});

it('never sends memberships with the form of a user, since the API would toggle them', () => {
  expect(changedUser({ id: '1', organization_users: [{ organization: 'o', is_admin: true }] })).toEqual({ id: '1' });
});

it('sends the tags of a template only when they changed, and no VPN with a generic one', () => {
  const previousData = { id: 't', type: 'generic' as const, vpn: null, tags: ['a'] };
  expect(templateBody({ ...previousData, tag_names: ['a'] }, { previousData })).toEqual({ id: 't', type: 'generic', vpn: null });
  expect(templateBody({ ...previousData, tag_names: ['a', 'b'] }, { previousData }).tag_names).toEqual(['a', 'b']);
  expect(templateBody({ id: 't', type: 'vpn', vpn: 'v', auto_cert: true, required: true })).toEqual({
    id: 't',
    type: 'vpn',
    vpn: 'v',
    auto_cert: true,
    required: true,
    default: true,
  });
});
