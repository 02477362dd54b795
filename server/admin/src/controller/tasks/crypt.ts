// Passwords as devices keep them: SHA-crypt with SHA-256 ("$5$"), which every C library of OpenWrt knows. The method is
// Ulrich Drepper's "Unix crypt using SHA-256 and SHA-512"; its test vectors are in crypt.test.ts.
import { sha256 } from '@noble/hashes/sha2.js';

const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const rounds = 5000;

/** The order in which the bytes of the digest are written, three at a time. */
const order = [[0, 10, 20], [21, 1, 11], [12, 22, 2], [3, 13, 23], [24, 4, 14], [15, 25, 5], [6, 16, 26], [27, 7, 17], [18, 28, 8], [9, 19, 29]];

function join(...parts: Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** A digest repeated to a length. */
function stretched(digest: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  for (let n = 0; n < length; n++) out[n] = digest[n % digest.length] ?? 0;
  return out;
}

function written(value: number, letters: number): string {
  let out = '';
  for (let n = 0, rest = value; n < letters; n++, rest >>= 6) out += alphabet[rest & 63];
  return out;
}

/** The hash of a password with a salt of up to 16 letters, and the given rounds when they are not the usual ones. */
export function shaCrypt(password: string, salt: string, times = rounds): string {
  const key = new TextEncoder().encode(password);
  const saltBytes = new TextEncoder().encode(salt.slice(0, 16));
  const alternate = sha256(join(key, saltBytes, key));
  const parts = [key, saltBytes, stretched(alternate, key.length)];
  for (let n = key.length; n > 0; n >>= 1) parts.push(n & 1 ? alternate : key);
  let digest = sha256(join(...parts));
  const p = stretched(sha256(join(...Array.from({ length: key.length }, () => key))), key.length);
  const s = stretched(sha256(join(...Array.from({ length: 16 + (digest[0] ?? 0) }, () => saltBytes))), saltBytes.length);
  for (let n = 0; n < times; n++) {
    const odd = n % 2 === 1;
    digest = sha256(join(odd ? p : digest, n % 3 ? s : empty, n % 7 ? p : empty, odd ? digest : p));
  }
  const at = (index: number) => digest[index] ?? 0;
  const text = order.map(([a = 0, b = 0, c = 0]) => written((at(a) << 16) | (at(b) << 8) | at(c), 4)).join('');
  return `$5$${times === rounds ? '' : `rounds=${times}$`}${salt.slice(0, 16)}$${text}${written((at(31) << 8) | at(30), 3)}`;
}

const empty = new Uint8Array();

/** The hash of a password with a salt of its own. */
export async function cryptOf(password: string): Promise<string> {
  const salt = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => alphabet[byte & 63]).join('');
  return shaCrypt(password, salt);
}
