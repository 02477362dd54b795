// Reaching devices: with what they are reached, what they are told, and commands for one of them or many.
import { KeyRound, SquareTerminal, TerminalSquare } from 'lucide-react';
import type { Concern } from '../app/concern';
import { listFinder } from '../app/finders';
import { page } from '../app/pages';
import { batchPath, type ConnectionOperations, connectionOperations, terminalPath } from './operations';
import { connectionTexts } from './texts';
import type { Credentials } from './types';

const app = 'connection';
const connections = { app, model: 'deviceconnection' };
const commands = { app, model: 'command' };

/** What reaching devices gives to the admin. */
export const connection: Concern<ConnectionOperations> = {
  name: 'connection',
  resources: [
    {
      name: 'credentials',
      path: 'controller/credential/',
      model: { app, model: 'credentials' },
      icon: KeyRound,
      list: page(() => import('./CredentialsList')),
      create: page(() => import('./CredentialsCreate')),
      edit: page(() => import('./CredentialsEdit')),
    },
    {
      name: 'batchcommands',
      path: batchPath,
      model: { app, model: 'batchcommand' },
      icon: SquareTerminal,
      title: 'label',
      list: page(() => import('./BatchList')),
      create: page(() => import('./BatchCreate')),
      edit: page(() => import('./BatchEdit')),
    },
    {
      name: 'terminals',
      path: terminalPath,
      model: { app, model: 'terminal' },
      icon: TerminalSquare,
      title: 'actor',
      list: page(() => import('./TerminalList')),
      edit: page(() => import('./TerminalShow')),
    },
  ],
  menu: [
    { section: 'reaching', order: 40, resource: 'credentials' },
    { section: 'reaching', order: 41, resource: 'batchcommands' },
    { section: 'reaching', order: 42, resource: 'terminals' },
  ],
  texts: connectionTexts,
  operations: connectionOperations,
  models: { connections, commands },
  tabs: [
    { of: 'devices', path: 'connections', label: 'Connections', model: 'connections', Tab: page(() => import('./ConnectionsTab')) },
    { of: 'devices', path: 'commands', label: 'Commands', model: 'commands', Tab: page(() => import('./CommandsTab')) },
    { of: 'devices', path: 'terminal', label: 'Terminal', model: 'terminals', Tab: page(() => import('./TerminalTab')) },
  ],
  bulk: [{ of: 'devices', Action: page(() => import('./BulkCommand')) }],
  finders: [listFinder<Credentials>({ name: 'Access credentials', resource: 'credentials', path: 'controller/credential/', icon: KeyRound, title: ({ name }) => name })],
  kinds: {
    'connection.credentials': { name: 'Access credentials', resource: 'credentials' },
    'connection.deviceconnection': { name: 'Device connection' },
    'connection.command': { name: 'Command' },
    'connection.batchcommand': { name: 'Mass command', resource: 'batchcommands' },
    'connection.terminal': { name: 'Terminal', resource: 'terminals' },
  },
  references: { CredentialsID: 'credentials' },
};
