// What can be done with accounts beyond reading and writing the resources.
import type { DataProvider, Identifier } from 'react-admin';
import { maximalPage } from '../api/dataProvider';
import type { Request } from '../api/client';
import { APIError } from '../api/errors';
import type { ListAnswer } from '../api/types';
import type { PasskeyOptions } from './account/passkeys';
import type { APIKey, APIToken, EmailAddress, Enrolment, Membership, NewPasskey, OrganizationDeletion, Passkey, Permission, SecondFactor, User } from './types';

function account(user: Identifier): string {
  return `users/user/${encodeURIComponent(String(user))}/`;
}

/** Where the API has what belongs to an account: a user's, or one's own. */
function accountOf(user?: Identifier): string {
  return user === undefined ? 'users/me/' : account(user);
}

/** The operations of tenancy. */
export interface TenancyOperations {
  /** Sets the password of another user. */
  changePassword(user: Identifier, body: Record<string, unknown>): Promise<void>;
  /** Sets one's own password. */
  changeMyPassword(body: Record<string, unknown>): Promise<void>;
  /** Every permission a group may have. */
  permissions(): Promise<Permission[]>;
  /** The e-mail addresses of a user, without one one's own. So are the four that follow. */
  addresses(user?: Identifier): Promise<EmailAddress[]>;
  /** Adds an address, which is sent a link to confirm it. */
  addAddress(email: string, user?: Identifier): Promise<EmailAddress>;
  makePrimary(address: Identifier, user?: Identifier): Promise<EmailAddress>;
  /** Sends the link again. */
  confirmAddress(address: Identifier, user?: Identifier): Promise<void>;
  removeAddress(address: Identifier, user?: Identifier): Promise<void>;
  secondFactor(): Promise<SecondFactor>;
  /** Begins setting up a second factor; it counts once it is confirmed. */
  enrol(currentPassword: string): Promise<Enrolment>;
  /** Turns one's own second factor on; resolves to the recovery codes. */
  confirmFactor(code: string): Promise<string[]>;
  /** Replaces one's recovery codes; who has an authenticator app gives a code of it too. */
  renewRecovery(currentPassword: string, code?: string): Promise<string[]>;
  disableFactor(currentPassword: string, code: string): Promise<void>;
  passkeys(): Promise<Passkey[]>;
  /** How far the deletion of an organization is; undefined when it is not being deleted. */
  deletionOf(organization: Identifier): Promise<OrganizationDeletion | undefined>;
  /** Begins to add a passkey; resolves to the options for the browser. */
  beginPasskey(currentPassword: string): Promise<PasskeyOptions>;
  /** Adds the passkey the browser made. */
  addPasskey(name: string, made: unknown): Promise<NewPasskey>;
  removePasskey(id: Identifier, currentPassword: string): Promise<void>;
  /** Whether another user has a second factor. */
  hasSecondFactor(user: Identifier): Promise<boolean>;
  /** Takes the second factor, passkeys included, away from a user who lost it. */
  removeSecondFactor(user: Identifier): Promise<void>;
  /** The API key of a user; undefined when there is none. */
  apiKey(user: Identifier): Promise<APIKey | undefined>;
  createAPIKey(user: Identifier): Promise<APIKey>;
  deleteAPIKey(user: Identifier): Promise<void>;
  /** Sends the invitation once more. */
  inviteAgain(user: Identifier): Promise<void>;
  tokens(): Promise<APIToken[]>;
  /** Makes a named token; without scopes it may do all that its user may. */
  createToken(name: string, expires: string | null, scopes: string[]): Promise<APIToken>;
  deleteToken(id: Identifier): Promise<void>;
  /**
   * Creates a membership, or makes the member a manager or no manager any more. The API takes one membership at a
   * time, and removes one that is sent exactly as it is: see removeMembership.
   */
  setMembership(user: Identifier, membership: Membership): Promise<User>;
  /** Removes a membership, given as it is now. */
  removeMembership(user: Identifier, membership: Membership): Promise<User>;
}

/** The data provider as the pages of tenancy use it. */
export type TenancyProvider = DataProvider & TenancyOperations;

/** The operations over a client. */
export function tenancyOperations(request: Request): TenancyOperations {
  return {
    async changePassword(user: Identifier, body: Record<string, unknown>) {
      await request('PUT', `users/user/${user}/password/`, { body });
    },
    async changeMyPassword(body: Record<string, unknown>) {
      await request('PUT', 'users/me/password/', { body });
    },
    async permissions() {
      const { results } = await request<ListAnswer<Permission>>('GET', 'users/permission/', { query: { page_size: 1000 } });
      return results;
    },
    async addresses(user?: Identifier) {
      const { results } = await request<ListAnswer<EmailAddress>>('GET', `${accountOf(user)}email/`, { query: { page_size: maximalPage } });
      return results;
    },
    addAddress: (email: string, user?: Identifier) => request<EmailAddress>('POST', `${accountOf(user)}email/`, { body: { email } }),
    makePrimary: (address: Identifier, user?: Identifier) =>
      user === undefined
        ? request<EmailAddress>('POST', `users/me/email/${address}/primary/`)
        : request<EmailAddress>('PATCH', `${accountOf(user)}email/${address}/`, { body: { primary: true } }),
    async confirmAddress(address: Identifier, user?: Identifier) {
      await request('POST', `${accountOf(user)}email/${address}/confirmation/`);
    },
    async removeAddress(address: Identifier, user?: Identifier) {
      await request('DELETE', `${accountOf(user)}email/${address}/`);
    },
    async hasSecondFactor(user: Identifier) {
      const [codes, passkeys] = await Promise.all([
        request<SecondFactor>('GET', `${account(user)}totp/`),
        request<{ results: Passkey[] }>('GET', `${account(user)}passkey/`),
      ]);
      return codes.confirmed !== null || passkeys.results.length > 0;
    },
    secondFactor: () => request<SecondFactor>('GET', 'users/me/totp/'),
    enrol: (currentPassword: string) =>
      request<Enrolment>('POST', 'users/me/totp/', { body: { current_password: currentPassword } }),
    async confirmFactor(code: string) {
      const { recovery_codes: codes } = await request<{ recovery_codes: string[] }>('POST', 'users/me/totp/confirm/', { body: { otp: code } });
      return codes;
    },
    async renewRecovery(currentPassword: string, code?: string) {
      const body = { current_password: currentPassword, ...(code ? { otp: code } : {}) };
      const { recovery_codes: codes } = await request<{ recovery_codes: string[] }>('POST', 'users/me/recovery/', { body });
      return codes;
    },
    async disableFactor(currentPassword: string, code: string) {
      await request('POST', 'users/me/totp/disable/', { body: { current_password: currentPassword, otp: code } });
    },
    async deletionOf(organization: Identifier) {
      try {
        return await request<OrganizationDeletion>('GET', `users/organization/${organization}/deletion/`);
      } catch (error) {
        if (error instanceof APIError && error.status === 404) return undefined;
        throw error;
      }
    },
    async passkeys() {
      const { results } = await request<{ results: Passkey[] }>('GET', 'users/me/passkey/');
      return results;
    },
    async beginPasskey(currentPassword: string) {
      const { webauthn } = await request<{ webauthn: PasskeyOptions }>('POST', 'users/me/passkey/', { body: { current_password: currentPassword } });
      return webauthn;
    },
    addPasskey: (name: string, made: unknown) => request<NewPasskey>('POST', 'users/me/passkey/finish/', { body: { name, webauthn: made } }),
    async removePasskey(id: Identifier, currentPassword: string) {
      await request('POST', `users/me/passkey/${id}/remove/`, { body: { current_password: currentPassword } });
    },
    async removeSecondFactor(user: Identifier) {
      const gone = await Promise.allSettled(['totp', 'passkey'].map((kind) => request('DELETE', `${account(user)}${kind}/`)));
      const failed = gone.filter((result) => result.status === 'rejected').map(({ reason }) => reason as unknown);
      // either kind may be missing, not both
      const other = failed.find((reason) => !(reason instanceof APIError && reason.status === 404));
      if (other || failed.length === gone.length) throw other ?? failed[0];
    },
    async apiKey(user: Identifier) {
      try {
        return await request<APIKey>('GET', `${account(user)}api-key/`);
      } catch (error) {
        if (error instanceof APIError && error.status === 404) return undefined;
        throw error;
      }
    },
    createAPIKey: (user: Identifier) => request<APIKey>('POST', `${account(user)}api-key/`),
    async deleteAPIKey(user: Identifier) {
      await request('DELETE', `${account(user)}api-key/`);
    },
    async inviteAgain(user: Identifier) {
      await request('POST', `${account(user)}invitation/`);
    },
    async tokens() {
      const { results } = await request<ListAnswer<APIToken>>('GET', 'users/me/token/', { query: { page_size: maximalPage } });
      return results;
    },
    createToken: (name: string, expires: string | null, scopes: string[]) =>
      request<APIToken>('POST', 'users/me/token/', { body: { name, expires, scopes } }),
    async deleteToken(id: Identifier) {
      await request('DELETE', `users/me/token/${id}/`);
    },
    setMembership: (user: Identifier, membership: Membership) =>
      request<User>('PATCH', account(user), { body: { organization_users: [membership] } }),
    removeMembership: (user: Identifier, membership: Membership) =>
      request<User>('PATCH', account(user), { body: { organization_users: [membership] } }),
  };
}
