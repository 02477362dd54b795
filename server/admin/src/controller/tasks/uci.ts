// A package of OpenWrt as UCI text: for what no other task has words for.
import type { JSONObject } from '../../api/types';
import { isObject, same } from './json';
import { items, merged, withKey } from './parts';
import { collect } from './rules';
import { type Found, task } from './task';

interface UCI {
  package: string;
  text: string;
}

/** Keys of a document that are no packages of their own: the schema gives them a meaning. */
export const netjsonKeys = new Set(['general', 'interfaces', 'radios', 'dns_servers', 'dns_search', 'routes', 'files', 'ip_rules', 'ntp', 'switch', 'led', 'wireguard_peers', 'zerotier', 'openvpn', 'type']);

/** The values of a line: quoted by ' or ", or up to the next space. */
function wordsOf(line: string): string[] | undefined {
  const words: string[] = [];
  let rest = line.trim();
  while (rest !== '' && !rest.startsWith('#')) {
    // a word may be made of several quoted pieces: 'it'\''s'
    const match = /^(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\#])+/.exec(rest);
    if (!match) return undefined;
    words.push(match[0].replace(/'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)|([^\s'"\\]+)/g, (_, single, double, escaped, bare) => single ?? double?.replace(/\\(.)/g, '$1') ?? escaped ?? bare));
    rest = rest.slice(match[0].length).trimStart();
  }
  return words;
}

const identifier = /^[A-Za-z0-9_-]+$/;

/** The sections of a text, or the first line that cannot be read. */
export function parseUCI(text: string): { sections: JSONObject[] } | { problem: string } {
  const sections: JSONObject[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const words = wordsOf(line);
    const fault = { problem: `Line ${index + 1} is no UCI: ${line.trim()}` };
    if (!words) return fault;
    const [keyword, name = '', value] = words;
    if (keyword === undefined) continue;
    const section = sections[sections.length - 1];
    if (!identifier.test(name) || words.length > 3) return fault;
    if (keyword === 'config') {
      if (value !== undefined && !/^\w+$/.test(value)) return fault;
      sections.push({ config_name: name, ...(value === undefined ? {} : { config_value: value }) });
    } else if (value === undefined || !section || name === 'config_name' || name === 'config_value') return fault;
    else if (keyword === 'option') section[name] = value;
    else if (keyword === 'list') section[name] = [...(Array.isArray(section[name]) ? (section[name] as unknown[]) : []), value];
    else return fault;
  }
  return sections.length > 0 ? { sections } : { problem: 'A section is needed, such as: config rule ’name’' };
}

function quoted(value: unknown): string {
  const text = value === true ? '1' : value === false ? '0' : String(value);
  return `'${text.replace(/'/g, `'\\''`)}'`;
}

/** The text of sections; undefined when a value has no UCI form. */
export function formatUCI(sections: unknown[]): string | undefined {
  const blocks: string[] = [];
  for (const section of sections) {
    if (!isObject(section) || typeof section.config_name !== 'string') return undefined;
    const { config_name: type, config_value: name, ...options } = section;
    if (name !== undefined && typeof name !== 'string') return undefined;
    const lines = [`config ${type}${name === undefined ? '' : ` ${quoted(name)}`}`];
    for (const [key, value] of Object.entries(options)) {
      if (Array.isArray(value)) {
        if (value.length === 0 || !value.every(scalar)) return undefined;
        lines.push(...value.map((item) => `\tlist ${key} ${quoted(item)}`));
      } else if (scalar(value)) lines.push(`\toption ${key} ${quoted(value)}`);
      else return undefined;
    }
    blocks.push(lines.join('\n'));
  }
  return `${blocks.join('\n\n')}\n`;
}

function scalar(value: unknown): boolean {
  return (typeof value === 'string' && !value.includes('\n')) || typeof value === 'number' || typeof value === 'boolean';
}

/** A value as UCI has it: everything is text there. */
function asText(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asText);
  return value === true ? '1' : value === false ? '0' : typeof value === 'number' ? String(value) : value;
}

export const uci = task<UCI>({
  id: 'uci',
  title: 'UCI package',
  about: 'anything OpenWrt can',
  intro: 'Sections of a package of OpenWrt, as in a file of /etc/config. Options of sections with equal names are set, the others of a device stay.',
  area: 'other',
  icon: 'terminal',
  words: 'raw uci config option list package advanced firewall',
  blank: { package: '', text: '' },
  name: (values) => values.package,
  last: true,
  fields: [
    { name: 'package', label: 'Package', kind: 'text', placeholder: 'firewall' },
    { name: 'text', label: 'Sections', kind: 'code', placeholder: "config rule 'allow_ssh'\n\toption src 'wan'" },
  ],
  problems: (values) => {
    const parsed = parseUCI(values.text);
    return collect<keyof UCI>({
      package: !/^[a-z0-9_-]+$/.test(values.package)
        ? 'Small letters, digits, - or _'
        : netjsonKeys.has(values.package)
          ? 'This name has another meaning in a configuration; use the fields for it'
          : undefined,
      text: 'problem' in parsed ? parsed.problem : undefined,
    });
  },
  fromNetJSON: (config): Found<UCI>[] =>
    Object.entries(config).flatMap(([name, value]) => {
      if (netjsonKeys.has(name) || !Array.isArray(value) || value.length === 0) return [];
      const written = formatUCI(value);
      return written === undefined ? [] : [{ values: { package: name, text: written }, at: { [name]: value.map((_, index) => index) } }];
    }),
  toNetJSON: (config, values, at) => {
    const parsed = parseUCI(values.text);
    if ('problem' in parsed) return config;
    const [before] = Object.keys(at ?? {});
    const had = before === undefined ? [] : items(config, before);
    // a section that says the same stays as it was written, numbers and all
    const next = parsed.sections.map((section) => had.find((old) => isObject(old) && same(asTexts(old), section)) ?? section);
    if (before === values.package) return withKey(config, before, next);
    const cleared = before === undefined ? config : withKey(config, before, undefined);
    return merged(cleared, { [values.package]: [...items(cleared, values.package), ...next] });
  },
});

function asTexts(section: JSONObject): JSONObject {
  return Object.fromEntries(Object.entries(section).map(([key, value]) => [key, asText(value)]));
}
