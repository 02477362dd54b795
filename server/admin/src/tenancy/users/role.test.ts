import { expect, it } from 'vitest';
import { roleOf, switchesOf } from './role';

const groups = [{ id: 3, name: 'Operator' }, { id: 4, name: 'Administrator' }];

it('makes each role of its switches, and tells it from them', () => {
  for (const role of ['superuser', 'administrator', 'operator', 'member'] as const) {
    const made = switchesOf(role, 'o', groups);
    const names = groups.filter(({ id }) => (made.groups as number[]).includes(id)).map(({ name }) => name);
    expect(roleOf(made, names)).toBe(role);
  }
});

it('does not name what is neither', () => {
  expect(roleOf({ is_staff: true, organization_users: [{ organization: 'o', is_admin: false }] }, ['Operator'])).toBe('custom');
  expect(roleOf({ is_staff: true, organization_users: [{ organization: 'o', is_admin: true }] }, [])).toBe('custom');
  expect(roleOf({ is_staff: false, organization_users: [] }, ['Operator'])).toBe('custom');
});
