// Arithmetic on addresses, for both versions of IP: an address is a number and a version.

/** An address as a number. */
export interface Numbered {
  value: bigint;
  six: boolean;
}

/** Reads an address; undefined when it is none. */
export function parseAddress(text: string): Numbered | undefined {
  const trimmed = text.trim();
  if (!trimmed.includes(':')) {
    const parts = trimmed.split('.');
    if (parts.length !== 4 || parts.some((part) => !/^\d{1,3}$/.test(part) || Number(part) > 255)) return undefined;
    return { value: parts.reduce((sum, part) => sum * 256n + BigInt(part), 0n), six: false };
  }
  let spelled = trimmed.toLowerCase();
  const embedded = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(spelled);
  if (embedded) {
    const four = parseAddress(embedded[2]);
    if (!four) return undefined;
    spelled = `${embedded[1]}${(four.value >> 16n).toString(16)}:${(four.value & 0xffffn).toString(16)}`;
  }
  const halves = spelled.split('::');
  if (halves.length > 2) return undefined;
  const groups = (half: string) => (half === '' ? [] : half.split(':'));
  const front = groups(halves[0]);
  const back = halves.length === 2 ? groups(halves[1]) : [];
  const missing = 8 - front.length - back.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const all = [...front, ...Array.from({ length: missing }, () => '0'), ...back];
  if (all.some((group) => !/^[0-9a-f]{1,4}$/.test(group))) return undefined;
  return { value: all.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n), six: true };
}

/** Spells an address, in IPv6 with the longest run of zeros left out. */
export function formatAddress({ value, six }: Numbered): string {
  if (!six) return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join('.');
  const groups = Array.from({ length: 8 }, (_, at) => Number((value >> BigInt(16 * (7 - at))) & 0xffffn));
  let best = { at: -1, length: 1 };
  for (let at = 0; at < 8; at++) {
    let end = at;
    while (end < 8 && groups[end] === 0) end++;
    if (end - at > best.length) best = { at, length: end - at };
  }
  const hex = (part: number[]) => part.map((group) => group.toString(16)).join(':');
  return best.at < 0 ? hex(groups) : `${hex(groups.slice(0, best.at))}::${hex(groups.slice(best.at + best.length))}`;
}

/** The address so many behind another one, or before it; undefined beyond the end. */
export function stepAddress(text: string, by: number | bigint): string | undefined {
  const from = parseAddress(text);
  if (!from) return undefined;
  const value = from.value + BigInt(by);
  if (value < 0n || value >= 1n << (from.six ? 128n : 32n)) return undefined;
  return formatAddress({ value, six: from.six });
}

/** Whether an address lies in a network. */
export function contains(network: string, text: string): boolean {
  const [base, length] = network.split('/');
  const from = parseAddress(base);
  const address = parseAddress(text);
  if (!from || !address || from.six !== address.six) return false;
  const shift = BigInt((from.six ? 128 : 32) - Number(length));
  return from.value >> shift === address.value >> shift;
}

/** A number of addresses for people: exact while it is short, else a power of two. */
export function countText(digits: string): string {
  const n = BigInt(digits);
  if (n < 10_000_000n) return Number(n).toLocaleString();
  return `2^${Math.round(Math.log2(Number(n)))}`;
}

/** A share for people: it says 0 % only of nothing, and 100 % only of everything. */
export function shareText(share: number): string {
  if (share <= 0) return '0 %';
  if (share >= 1) return '100 %';
  if (share < 0.01) return '<1 %';
  return `${Math.min(99, Math.round(share * 100))} %`;
}
