// How connections, pushes and commands stand, as shapes and words.
import type { StatusName } from '../design/tokens';
import type { Batch, Connection, Push, TerminalSession } from './types';

interface Look {
  status: StatusName;
  word: string;
}

/** How a connection stands. */
export function connectionLook({ enabled, is_working: works }: Pick<Connection, 'enabled' | 'is_working'>): Look {
  if (!enabled) return { status: 'off', word: 'off' };
  if (works === null) return { status: 'unknown', word: 'not tried' };
  return works ? { status: 'ok', word: 'working' } : { status: 'critical', word: 'not working' };
}

/** How a push stands. */
export function pushLook({ state }: Pick<Push, 'state'>): Look {
  const looks: Record<Push['state'], Look> = {
    waiting: { status: 'waiting', word: 'waiting' },
    pushed: { status: 'ok', word: 'told' },
    current: { status: 'ok', word: 'nothing to tell' },
    failed: { status: 'critical', word: 'not told' },
  };
  return looks[state] ?? { status: 'unknown', word: state };
}

/** How a command, or many of them, stand. */
export function commandLook(status: Batch['status']): Look {
  const looks: Record<Batch['status'], Look> = {
    'in-progress': { status: 'waiting', word: 'running' },
    success: { status: 'ok', word: 'done' },
    failed: { status: 'critical', word: 'failed' },
    idle: { status: 'unknown', word: 'nothing to do' },
  };
  return looks[status] ?? { status: 'unknown', word: status };
}

/** How a terminal stands. */
export function terminalLook(state: TerminalSession['state']): Look {
  const looks: Record<TerminalSession['state'], Look> = {
    waiting: { status: 'waiting', word: 'waiting' },
    open: { status: 'ok', word: 'open' },
    ended: { status: 'off', word: 'ended' },
  };
  return looks[state] ?? { status: 'unknown', word: state };
}

/** The connectors by their identifiers, which the API calls by the names of classes. */
export const connectors = [
  { id: 'openwisp_controller.connection.connectors.ssh.Ssh', name: 'SSH' },
  { id: 'openwisp_controller.connection.connectors.openwrt.snmp.OpenWRTSnmp', name: 'OpenWRT SNMP' },
  { id: 'openwisp_controller.connection.connectors.airos.snmp.AirOsSnmp', name: 'Ubiquiti AirOS SNMP' },
  { id: 'wispwright.connectors.channel', name: 'Channel of the agent' },
];

/** The name of a connector. */
export function connectorName(id: string): string {
  return connectors.find((one) => one.id === id)?.name ?? id.split('.').pop() ?? id;
}
