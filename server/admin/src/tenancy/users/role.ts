// What a person is, in a word: the three switches of the API as one.
import type { User } from '../types';

/** The roles that have a name. */
export type Role = 'superuser' | 'administrator' | 'operator' | 'member' | 'custom';

/** The groups every installation has, whose names are the API's. */
export const roleGroups = { administrator: 'Administrator', operator: 'Operator' } as const;

/** What each role means. */
export const roleMeaning: Record<Role, string> = {
  superuser: 'May see and change everything of every organization.',
  administrator: 'Manages the organization: devices, templates and people.',
  operator: 'Manages the devices and templates of the organization, not its people.',
  member: 'Belongs to the organization and can change only their own account.',
  custom: 'Another mixture of switches and groups.',
};

/** The name of a role, for a list. */
export const roleName: Record<Role, string> = { superuser: 'Superuser', administrator: 'Administrator', operator: 'Operator', member: 'Member', custom: 'Custom' };

/** The role of a user; groupNames are the names of the user's groups. */
export function roleOf(user: Pick<User, 'is_staff' | 'is_superuser' | 'organization_users'>, groupNames: string[]): Role {
  if (user.is_superuser) return 'superuser';
  if (!user.is_staff) return groupNames.length === 0 && !user.organization_users.some(({ is_admin }) => is_admin) ? 'member' : 'custom';
  const manages = user.organization_users.some(({ is_admin }) => is_admin);
  const [only] = groupNames;
  if (!manages || groupNames.length !== 1) return 'custom';
  if (only === roleGroups.administrator) return 'administrator';
  return only === roleGroups.operator ? 'operator' : 'custom';
}

/** The switches that make a role, for a new user in an organization. */
export function switchesOf(role: Exclude<Role, 'custom'>, organization: string | undefined, groups: { id: number; name: string }[]) {
  const group = (name: string) => groups.filter((known) => known.name === name).map(({ id }) => id);
  const of = (is_admin: boolean) => (organization ? [{ organization, is_admin }] : []);
  switch (role) {
    case 'superuser':
      return { is_superuser: true, is_staff: true, groups: [], organization_users: of(true) };
    case 'administrator':
      return { is_staff: true, groups: group(roleGroups.administrator), organization_users: of(true) };
    case 'operator':
      return { is_staff: true, groups: group(roleGroups.operator), organization_users: of(true) };
    case 'member':
      return { is_staff: false, groups: [], organization_users: of(false) };
  }
}
