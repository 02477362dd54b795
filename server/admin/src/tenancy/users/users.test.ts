import { expect, it } from 'vitest';
import type { Permission } from '../types';
import { arrange, permissionNumbers, permissionsOf, withPermissions } from '../groups/permissions';
import { newUserBody } from './UserCreate';
import { changedUser } from './UserEdit';
import { templateBody } from '../../controller/templates/TemplateForm';

const catalogue: Permission[] = [
  { id: 1, app: 'audit', model: 'event', codename: 'view_event', name: 'Can view event' },
  { id: 2, app: 'config', model: 'devicegroup', codename: 'add_devicegroup', name: 'Can add Device Group' },
  { id: 3, app: 'config', model: 'devicegroup', codename: 'view_devicegroup', name: 'Can view Device Group' },
  { id: 4, app: 'config', model: 'devicegroup', codename: 'view_devicegroup_inline', name: 'Can view Device Group inline' },
  { id: 5, app: 'vendor', model: 'thing', codename: 'change_thing', name: 'Can change thing' },
];

it('arranges permissions by application, model and action', () => {
  const apps = arrange(catalogue);
  expect(apps.map(({ label }) => label)).toEqual(['Audit trail', 'Configuration', 'vendor']);
  const [group] = apps[1].models;
  expect(group.label).toBe('Device Group');
  expect(group.byAction).toEqual({ add: catalogue[1], view: catalogue[2] });
  expect(group.others).toEqual([catalogue[3]]);
  expect(permissionsOf(group).map(({ id }) => id)).toEqual([3, 2, 4]);
});

it('finds permissions by every word of a search, in any of their names', () => {
  const ids = (search: string) => arrange(catalogue, search).flatMap(({ models }) => models.flatMap(permissionsOf)).map(({ id }) => id);
  expect(ids('  ')).toHaveLength(5);
  expect(ids('DEVICE add')).toEqual([2]);
  expect(ids('configuration view')).toEqual([3, 4]);
  expect(ids('vendor.change')).toEqual([5]);
  expect(ids('nothing')).toEqual([]);
});

it('reads the numbers of permissions as the API writes them, and changes a choice', () => {
  expect(permissionNumbers(['33: user | Can add user', '7: ip address | Can view ip address', 12, 'odd'])).toEqual([33, 7, 12]);
  expect(permissionNumbers(undefined)).toEqual([]);
  expect(withPermissions([9, 3], [catalogue[1], catalogue[2]], true)).toEqual([2, 3, 9]);
  expect(withPermissions([9, 3], [catalogue[2]], false)).toEqual([9]);
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

it('sends the authority of a template with its type alone', () => {
  expect(templateBody({ id: 't', type: 'cert', ca: 3, blueprint_cert: 5, auto_cert: true })).toEqual({ id: 't', type: 'cert', vpn: null, ca: 3, blueprint_cert: 5, auto_cert: true });
  expect(templateBody({ id: 't', type: 'generic', ca: 3, blueprint_cert: 5, auto_cert: true })).toEqual({ id: 't', type: 'generic', vpn: null });
});
