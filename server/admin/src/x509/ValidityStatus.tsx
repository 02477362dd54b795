// How a certificate stands, in a word: by itself, since lists and the overview need no form of it.
import { Status } from '../design/Status';
import type { Certified } from './types';
import { reasonName, validityOf } from './validity';

/** The status of a certificate in a list. */
export function ValidityStatus({ of }: { of: Certified }) {
  const { status, word } = validityOf(of);
  return <Status status={status} word={word} title={of.revoked ? reasonName(of.revocation_reason) : undefined} />;
}
