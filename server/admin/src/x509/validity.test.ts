import { describe, expect, it } from 'vitest';
import { keyName, reasonName, validityOf } from './validity';

describe('validity', () => {
  const now = new Date('2026-06-01T00:00:00Z');
  const of = (start: string, end: string, revoked = false) => validityOf({ validity_start: start, validity_end: end, revoked }, now);
  it('tells how a certificate stands', () => {
    expect(of('2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z')).toEqual({ status: 'ok', word: 'valid' });
    expect(of('2026-01-01T00:00:00Z', '2026-06-08T12:00:00Z')).toEqual({ status: 'problem', word: '7 d left' });
    expect(of('2026-01-01T00:00:00Z', '2026-06-01T12:00:00Z')).toEqual({ status: 'problem', word: 'expires today' });
    expect(of('2026-01-01T00:00:00Z', '2026-06-01T00:00:00Z')).toEqual({ status: 'critical', word: 'expired' });
    expect(of('2026-07-01T00:00:00Z', '2027-01-01T00:00:00Z')).toEqual({ status: 'waiting', word: 'not valid yet' });
    expect(of('2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z', true)).toEqual({ status: 'off', word: 'revoked' });
  });
  it('names keys and reasons', () => {
    expect([keyName('256'), keyName('3072'), keyName('ed25519')]).toEqual(['ECDSA P-256', 'RSA 3072', 'Ed25519']);
    expect([reasonName('superseded'), reasonName('certificate_hold')]).toEqual(['Another certificate takes its place', 'certificate_hold']);
  });
});
