/** Letters and digits nobody takes for one another. */
const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789';

/** A password of four groups: strong enough for a Wi-Fi, and short enough to be read aloud. */
export function makePassword(): string {
  const random = crypto.getRandomValues(new Uint8Array(16));
  const letters = Array.from(random, (byte) => alphabet[byte % alphabet.length] ?? '').join('');
  return (letters.match(/.{4}/g) ?? []).join('-');
}
