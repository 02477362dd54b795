import { describe, expect, it } from 'vitest';
import { vpnBody, wireguardKey } from './VPNForm';

const key = 'dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo=';

describe('a key of WireGuard', () => {
  it.each([undefined, '', key, ` ${key}\n`])('takes %j', (value) => {
    expect(wireguardKey(value)).toBeUndefined();
  });
  it.each(['secret', `${key}=`, key.slice(1), key.replace('o=', 'p='), 7])('refuses %j', (value) => {
    expect(wireguardKey(value)).toContain('no key of WireGuard');
  });
});

it('sends a key and a certificate only where there is one', () => {
  const server = { name: 'a', host: 'h', backend: 'b', config: '{"wireguard":[]}' };
  expect(vpnBody(server)).not.toHaveProperty('private_key');
  expect(vpnBody({ ...server, private_key: '' })).not.toHaveProperty('private_key');
  expect(vpnBody({ ...server, private_key: ` ${key} `, cert: 7 })).toMatchObject({ private_key: key, cert: 7 });
});
