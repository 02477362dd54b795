import { expect, it } from 'vitest';
import { maskSecrets } from './mask';

it.each([
  ["\toption key 'correct horse'", "\toption key '••••••••'"],
  ["\toption auth_secret 'it'\\''s'", "\toption auth_secret '••••••••'"],
  ["\toption private_key 'abc='", "\toption private_key '••••••••'"],
  ["\toption public_key 'abc='", "\toption public_key 'abc='"],
  ["\toption ssid 'key'", "\toption ssid 'key'"],
  ["\toption keepalive '25'", "\toption keepalive '25'"],
  ['root:$5$abc$def:0:0:99999:7:::', 'root:••••••••:0:0:99999:7:::'],
])('%s', (text, want) => {
  expect(maskSecrets(`config x\n${text}\n`)).toBe(`config x\n${want}\n`);
});
