import { expect, it } from 'vitest';
import { cryptOf, shaCrypt } from './crypt';

// what the C library makes of them
it.each([
  ['Hello world!', 'saltstring', 5000, '$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5'],
  ['Hello world!', 'saltstringsaltst', 10000, '$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA'],
  ['a short string', 'asaltof16chars..', 12345, '$5$rounds=12345$asaltof16chars..$qZ4YBcqpqi7TOkfECcaTBnBABEv8uoAQs4LY7q6IBh9'],
  ['pässwörd mit viel Länge, mehr als zweiunddreißig', 'abc', 5000, '$5$abc$OSbqqG3ST/5qiOkHN9YZbgVfOmREoKPoIupsJsW3ko/'],
])('%s with %s', (password, salt, times, want) => {
  expect(shaCrypt(password, salt, times)).toBe(want);
});

it('salts each', async () => {
  const [one, other] = await Promise.all([cryptOf('correct horse'), cryptOf('correct horse')]);
  expect(one).toMatch(/^\$5\$[./0-9A-Za-z]{16}\$[./0-9A-Za-z]{43}$/);
  expect(one).not.toBe(other);
});
