// Declarations of variables as a form holds them.
import type { DeclaredVariable, VariableType } from '../types';

/** What the types are called. */
export const typeNames: Record<VariableType, string> = {
  '': 'Anything',
  text: 'Text',
  number: 'Number',
  boolean: 'True or false',
  address: 'IP address',
  network: 'Network',
  mac: 'MAC address',
  choice: 'One of a list',
  list: 'List',
};

/** A declaration in a form. */
export interface Declaration {
  name: string;
  type: VariableType;
  /** One a line. */
  choices: string;
  description: string;
  secret: boolean;
  /** The new value of a secret one; empty keeps what is there. */
  value: string;
}

/** What the API says, as a form holds it. */
export function declarationOf(row: DeclaredVariable | undefined): Declaration {
  return {
    name: row?.name ?? '',
    type: row?.type ?? 'text',
    choices: (row?.choices ?? []).join('\n'),
    description: row?.description ?? '',
    secret: row?.secret ?? false,
    value: '',
  };
}

/** What a form holds, as the API takes it. */
export function bodyOf({ type, choices, description, secret, value }: Declaration): Record<string, unknown> {
  return {
    type,
    description,
    secret,
    choices: type === 'choice' ? choices.split('\n').map((line) => line.trim()).filter(Boolean) : [],
    ...(secret && value !== '' ? { value: typed(type, value) } : {}),
  };
}

/** A text as a value of a type; what is no such value stays text, and the API says so. */
function typed(type: VariableType, value: string): unknown {
  if (type === 'boolean' && /^(true|false)$/.test(value)) return value === 'true';
  if (type === 'list') return value.split(',').map((item) => item.trim()).filter(Boolean);
  return value;
}
