// A person who is invited is made elsewhere in the API than one who is given a password.

/** Where a new person is made, and of what, for one who is to choose the password. */
export function invitation(data: Record<string, unknown>): { path: string; body: Record<string, unknown> } | undefined {
  if (data.access !== 'invitation') return undefined;
  const { access: _access, password: _password, email_verified: _verified, ...body } = data;
  return { path: 'users/invitation/', body };
}
