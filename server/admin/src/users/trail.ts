// The audit trail in a person's words.

/** What the trail records, by the name of its kind: how it is called, and the admin's resource that shows it. */
export const kinds: Record<string, { name: string; resource?: string }> = {
  'config.device': { name: 'Device', resource: 'devices' },
  'config.template': { name: 'Template', resource: 'templates' },
  'config.organizationconfigsettings': { name: 'Configuration settings' },
  'openwisp_users.organization': { name: 'Organization', resource: 'organizations' },
  'openwisp_users.user': { name: 'User', resource: 'users' },
  'openwisp_users.group': { name: 'Group', resource: 'groups' },
  'openwisp_users.organizationuser': { name: 'Membership' },
  'openwisp_users.organizationowner': { name: 'Owner of an organization' },
  'account.emailaddress': { name: 'E-mail address' },
  'account.secondfactor': { name: 'Second factor' },
  'account.passkey': { name: 'Passkey' },
  'authtoken.token': { name: 'Token' },
  'authtoken.apitoken': { name: 'Named token' },
};

/** The name of a kind. */
export function kindName(kind: string): string {
  return kinds[kind]?.name ?? kind;
}

/** Names that are written together in the trail: "Config.ErrorReason" is "config: error reason". */
export function fieldName(field: string): string {
  return field
    .split('.')
    .map((part) =>
      part
        .replace(/ID$/, '')
        .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
        .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
        .split(' ')
        .map((word) => (/^[A-Z0-9]{2,}$/.test(word) ? word : word.toLowerCase()))
        .join(' '),
    )
    .map((part) => part || 'ID')
    .join(': ');
}

/** The resource whose ids a field holds. */
export function referenceOf(field: string): string | undefined {
  switch (field.split('.').pop()) {
    case 'OrganizationID':
      return 'organizations';
    case 'Templates':
      return 'templates';
    case 'Groups':
      return 'groups';
    case 'UserID':
    case 'OwnerID':
      return 'users';
  }
  return undefined;
}

/** A value as text. */
export function shown(value: unknown): string {
  if (value === null || value === undefined || value === '') return '–';
  if (value === true) return 'yes';
  if (value === false) return 'no';
  return typeof value === 'string' ? value : JSON.stringify(value, null, 1);
}

/** The ids in a value: one, or a list of them. */
export function idsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(String);
  return value === null || value === undefined || value === '' ? [] : [String(value)];
}
