// How a certificate stands: in force, about to expire, expired, revoked.
import type { StatusName } from '../design/tokens';
import type { Certified } from './types';

const day = 86_400_000;

/** From so many days before the end on, people are told. */
export const soonDays = 30;

/** The status of a certificate with its word. */
export function validityOf(of: Pick<Certified, 'revoked' | 'validity_start' | 'validity_end'>, now = new Date()): { status: StatusName; word: string } {
  const end = new Date(of.validity_end).getTime();
  const left = (end - now.getTime()) / day;
  if (of.revoked) return { status: 'off', word: 'revoked' };
  if (left <= 0) return { status: 'critical', word: 'expired' };
  if (new Date(of.validity_start) > now) return { status: 'waiting', word: 'not valid yet' };
  if (left <= soonDays) return { status: 'problem', word: left < 1 ? 'expires today' : `${Math.floor(left)} d left` };
  return { status: 'ok', word: 'valid' };
}

const names: Record<string, string> = { '256': 'ECDSA P-256', '384': 'ECDSA P-384', '521': 'ECDSA P-521', ed25519: 'Ed25519' };

/** A kind of key in words. */
export function keyName(length: string): string {
  return names[length] ?? `RSA ${length}`;
}

/** The kinds of keys that can be made. */
export const keyChoices = ['256', '384', '521', 'ed25519', '2048', '3072', '4096', '1024'].map((id) => ({ id, name: keyName(id) }));

/** The digests that can be chosen. */
export const digestChoices = ['sha256', 'sha384', 'sha512', 'sha224', 'sha1'].map((id) => ({ id, name: id.toUpperCase().replace('SHA', 'SHA-') }));

/** Why something is revoked. */
export const reasonChoices = [
  { id: 'unspecified', name: 'No reason given' },
  { id: 'key_compromise', name: 'The key may be known to others' },
  { id: 'superseded', name: 'Another certificate takes its place' },
  { id: 'cessation_of_operation', name: 'It is not used any more' },
  { id: 'affiliation_changed', name: 'Its holder changed' },
  { id: 'privilege_withdrawn', name: 'Its holder may not have it any more' },
  { id: 'ca_compromise', name: 'The key of the CA may be known to others' },
];

/** A reason in words. */
export function reasonName(reason: string): string {
  return reasonChoices.find(({ id }) => id === reason)?.name ?? reason;
}
