import { expect, it } from 'vitest';
import { commandsOf, quoted } from './firstCommands';

it('fills in the address and the secret, safe for a shell', () => {
  const secret = "it's";
  expect(quoted(secret)).toBe("'it'\\''s'");
  for (const way of ['openwrt', 'curl'] as const) {
    const lines = commandsOf(way, 'https://net.example', secret);
    expect(lines).toContain('https://net.example');
    expect(lines).toContain("'it'\\''s'");
  }
});
