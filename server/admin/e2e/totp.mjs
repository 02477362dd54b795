// One-time codes as authenticator apps make them (RFC 6238: SHA-1, six digits, thirty seconds).
import { createHmac } from 'node:crypto';

function decodeBase32(text) {
  let bits = '';
  for (const letter of text.replace(/[=\s]/g, '').toUpperCase()) {
    bits += 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0');
  }
  return Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
}

/** The code of a secret at a time. */
export function totp(secret, at = Date.now()) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const mac = createHmac('sha1', decodeBase32(secret)).update(counter).digest();
  const offset = mac[mac.length - 1] & 15;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

/** A code the secret does not give for some minutes. */
export function wrongCode(secret) {
  const good = Array.from({ length: 20 }, (_, step) => totp(secret, Date.now() + (step - 5) * 30_000));
  return ['000000', ...good.map((code) => String((Number(code) + 1) % 1_000_000).padStart(6, '0'))].find((code) => !good.includes(code));
}
