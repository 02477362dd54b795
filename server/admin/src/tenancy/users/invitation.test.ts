import { expect, test } from 'vitest';
import { invitation } from './invitation';
import { newUserBody } from './UserCreate';

test('who is invited is sent without password, others are made as ever', () => {
  const made = newUserBody({ username: 'ann', password: 'x', email_verified: true, access: 'invitation', role: 'member', expiration_date: '' });
  expect(invitation(made)).toEqual({ path: 'users/invitation/', body: { username: 'ann', is_staff: false, groups: [], organization_users: [] } });
  const given = newUserBody({ username: 'ann', password: 'x', access: 'password', role: 'member' });
  expect(invitation(given)).toBeUndefined();
  expect(given).toMatchObject({ username: 'ann', password: 'x' });
  expect(given).not.toHaveProperty('access');
});
