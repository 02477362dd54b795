// What answers must be like, in words for people who give them.

/** Whether a text holds a variable, whose value is not known while it is typed. */
export function hasVariable(value: string): boolean {
  return /\{\{\s*\w+\s*\}\}/.test(value);
}

/** The length of a text in bytes, as devices count. */
export function bytes(value: string): number {
  return new TextEncoder().encode(value).length;
}

export function needed(value: string, what: string): string | undefined {
  return value.trim() === '' ? `${what} is needed` : undefined;
}

/** A number of characters between two bounds. */
export function sized(value: string, least: number, most: number): string | undefined {
  if (hasVariable(value)) return undefined;
  const length = bytes(value);
  if (length < least) return `At least ${least} characters, now ${length}`;
  if (length > most) return `At most ${most} characters, now ${length}`;
  return undefined;
}

const interfaceName = /^[^\s/]{2,15}$/;

/** The name of an interface or port. */
export function interfaceProblem(value: string, what = 'A name'): string | undefined {
  if (value === '') return `${what} is needed`;
  if (hasVariable(value)) return undefined;
  return interfaceName.test(value) ? undefined : '2 to 15 characters without spaces';
}

/** The name of a logical network. */
export function networkProblem(value: string, what = 'A network'): string | undefined {
  if (value === '') return `${what} is needed`;
  if (hasVariable(value)) return undefined;
  return /^[A-Za-z0-9_.-]{1,15}$/.test(value) ? undefined : '1 to 15 letters, digits, dots, - or _';
}

const octet = '(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const v4 = new RegExp(`^${octet}(\\.${octet}){3}$`);

export function isIPv4(value: string): boolean {
  return v4.test(value);
}

/** Whether a text is an IPv6 address: eight groups, or fewer around one "::". */
export function isIPv6(value: string): boolean {
  const [head, tail, more] = value.split('::');
  if (more !== undefined || !/^[0-9A-Fa-f:.]+$/.test(value) || !value.includes(':')) return false;
  const groups = (part: string | undefined) => (part ? part.split(':') : []);
  const all = [...groups(head), ...groups(tail)];
  const last = all[all.length - 1] ?? '';
  const count = isIPv4(last) ? all.length + 1 : all.length;
  const whole = all.every((group, index) => /^[0-9A-Fa-f]{1,4}$/.test(group) || (index === all.length - 1 && isIPv4(group)));
  return whole && (tail === undefined ? count === 8 : count < 8);
}

/** An address without a prefix. */
export function addressProblem(value: string, what = 'An address'): string | undefined {
  if (value === '') return `${what} is needed`;
  if (hasVariable(value) || isIPv4(value) || isIPv6(value)) return undefined;
  return 'An IPv4 or IPv6 address, such as 10.0.0.1';
}

/** An address with the length of its prefix: 10.0.0.1/24. */
export function prefixProblem(value: string, what = 'An address'): string | undefined {
  if (value === '') return `${what} is needed`;
  if (hasVariable(value)) return undefined;
  const [address, mask, more] = value.split('/');
  const most = isIPv4(address ?? '') ? 32 : isIPv6(address ?? '') ? 128 : -1;
  const digits = /^\d{1,3}$/.test(mask ?? '') ? Number(mask) : -1;
  if (more === undefined && most > 0 && digits >= 0 && digits <= most) return undefined;
  return 'An address with its prefix, such as 10.0.0.1/24';
}

/** The name or address of a host. */
export function hostProblem(value: string, what = 'A name or address'): string | undefined {
  if (value === '') return `${what} is needed`;
  if (hasVariable(value) || isIPv6(value)) return undefined;
  const fits = /^[A-Za-z0-9][A-Za-z0-9.-]{1,254}$/.test(value) && value.split('.').every((label) => label.length <= 63);
  return fits ? undefined : 'A host name or an address, such as time.example.org';
}

/** A whole number between two bounds. */
export function numberProblem(value: number | null, least: number, most: number): string | undefined {
  if (value === null) return `A number from ${least} to ${most} is needed`;
  return Number.isInteger(value) && value >= least && value <= most ? undefined : `A whole number from ${least} to ${most}`;
}

/** Leaves the problems that are there. */
export function collect<K extends string>(found: Record<K, string | undefined> | Partial<Record<K, string | undefined>>): Partial<Record<K, string>> {
  const out: Partial<Record<K, string>> = {};
  for (const [key, value] of Object.entries(found) as [K, string | undefined][]) if (value) out[key] = value;
  return out;
}

/** The first problem of a list of values, saying which one it is. */
export function eachProblem(values: string[], check: (value: string) => string | undefined): string | undefined {
  for (const value of values) {
    const problem = check(value);
    if (problem) return `${value}: ${problem.charAt(0).toLowerCase()}${problem.slice(1)}`;
  }
  return undefined;
}
