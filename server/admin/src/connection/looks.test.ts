import { expect, it } from 'vitest';
import { commandLook, connectionLook, connectorName, pushLook } from './looks';

it('says how connections stand', () => {
  expect(connectionLook({ enabled: false, is_working: true }).word).toBe('off');
  expect(connectionLook({ enabled: true, is_working: null }).word).toBe('not tried');
  expect(connectionLook({ enabled: true, is_working: true }).status).toBe('ok');
  expect(connectionLook({ enabled: true, is_working: false }).status).toBe('critical');
});

it('says how pushes and commands stand, and does not fail on what is new', () => {
  expect(pushLook({ state: 'pushed' }).word).toBe('told');
  expect(pushLook({ state: 'other' as never })).toEqual({ status: 'unknown', word: 'other' });
  expect(commandLook('in-progress').status).toBe('waiting');
  expect(commandLook('other' as never).word).toBe('other');
});

it('names connectors', () => {
  expect(connectorName('openwisp_controller.connection.connectors.ssh.Ssh')).toBe('SSH');
  expect(connectorName('a.b.Mine')).toBe('Mine');
});
