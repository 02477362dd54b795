/** The slug of a name: lower-case letters, digits and hyphens. */
export function slugOf(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, '-')
    .replace(/^-+|-+$/g, '');
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** A random key of letters and digits, every one as likely as the others. */
export function randomKey(length: number, random: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array = (bytes) => crypto.getRandomValues(bytes)): string {
  // bytes beyond the last whole multiple of the alphabet would favour its beginning
  const fair = 256 - (256 % letters.length);
  let key = '';
  while (key.length < length) {
    for (const byte of random(new Uint8Array(length * 2))) {
      if (byte < fair && key.length < length) key += letters[byte % letters.length];
    }
  }
  return key;
}
