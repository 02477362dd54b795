// What a report on the variables of an organization says, in words.
import type { UndefinedVariable, UnusedVariable, VariableReport } from '../types';

const devicesOf = (count: number) => (count === 1 ? '1 device' : `${count.toLocaleString()} devices`);

/** The outcome in a sentence. */
export function verdict({ devices, undefined: missing, unused }: VariableReport): string {
  const found = missing.length + unused.length === 0 ? 'every variable is defined and used' : `${missing.length} used and not defined, ${unused.length} defined and not used`;
  return `${devicesOf(devices)} in service: ${found}.`;
}

/** Who uses a variable that is not defined. */
export function usedBy({ used, own }: UndefinedVariable): string {
  const all = [...used, ...(own ? ["devices' own configurations"] : [])];
  return all.length > 0 ? all.join(', ') : 'values of other variables';
}

/** Who defines a variable that nobody uses. */
export function definedBy({ origin, of, devices }: UnusedVariable): string {
  switch (origin) {
    case 'organization':
      return 'the organization';
    case 'device':
      return devices === 1 ? `the device ${of}` : `${devicesOf(devices)}, such as ${of}`;
    default:
      return `the ${origin} ${of}`;
  }
}

/** Where it is changed; nothing for the organization, whose page this is. */
export function pathOf({ origin, id }: UnusedVariable): string | undefined {
  const pages = { organization: undefined, group: 'devicegroups', template: 'templates', device: 'devices' } as const;
  const page = pages[origin];
  return page && `/${page}/${id}`;
}
