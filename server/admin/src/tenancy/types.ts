// The shapes of the API of users and organizations. Keys are those of the wire.

export interface Organization {
  id: string;
  name: string;
  slug: string;
  is_active: boolean;
  description: string;
  email: string;
  url: string;
  created: string;
  modified: string;
}

/** A user's place in an organization. */
export interface Membership {
  organization: string;
  is_admin: boolean;
}

export interface User {
  id: string;
  username: string;
  email: string | null;
  first_name: string;
  last_name: string;
  phone_number: string | null;
  birth_date: string | null;
  is_active: boolean;
  is_staff: boolean;
  /** Only superusers are told. */
  is_superuser?: boolean;
  last_login?: string | null;
  date_joined?: string;
  groups: number[];
  organization_users: Membership[];
  /** The last day on which the account is active. */
  expiration_date?: string | null;
  /** Somebody who has an address and never had a password. */
  invitable?: boolean;
}

/** The key with which programs act in a user's name; stars for everybody but its owner. */
export interface APIKey {
  key: string;
  created: string;
}

/** A group of permissions; each permission is a text "<id>: <model> | <name>". */
export interface Group {
  id: number;
  name: string;
  permissions: string[];
}

/** One permission of the catalogue that groups choose from. */
export interface Permission {
  id: number;
  app: string;
  model: string;
  codename: string;
  name: string;
}

/** An e-mail address of an account. */
export interface EmailAddress {
  id: number;
  email: string;
  verified: boolean;
  primary: boolean;
}

/** How an account's second factor stands. */
export interface SecondFactor {
  /** Since when codes are asked for; null while they are not. */
  confirmed: string | null;
  /** How many are left: of the authenticator app, or beside passkeys. */
  recovery_codes: number;
  /** The account may do nothing without. */
  required: boolean;
}

/** What an authenticator app is set up with. qr is the address of an image. */
export interface Enrolment {
  secret: string;
  uri: string;
  qr: string;
}

/** A passkey of the account. */
export interface Passkey {
  id: string;
  name: string;
  last_used: string | null;
  created: string;
}

/** A passkey that was added just now. */
export interface NewPasskey extends Passkey {
  /** Shown this once, to a user who had none; else empty. */
  recovery_codes: string[];
}

/** A named token of a user. token is there only in the answer that made it. */
export interface APIToken {
  id: string;
  name: string;
  scopes: string[];
  expires: string | null;
  last_used: string | null;
  created: string;
  token?: string;
}

/** How far the deletion of an organization is that goes in the background. */
export interface OrganizationDeletion {
  total: number;
  done: number;
  /** Why the last attempt failed; empty when it did not. */
  problem: string;
}
