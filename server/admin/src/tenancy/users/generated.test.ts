import { expect, test } from 'vitest';
import { generatedPassword } from './generated';

test('a generated password is long, readable and another one every time', () => {
  const made = generatedPassword();
  expect(made).toMatch(/^[2-9A-HJ-NP-Za-km-z]{5}(-[2-9A-HJ-NP-Za-km-z]{5}){3}$/);
  expect(generatedPassword()).not.toBe(made);
});
