// Tasks that write a file: any file, and those with a meaning of their own.
import type { JSONObject } from '../../api/types';
import { items, merged, objects, text, withItem } from './parts';
import { collect, needed } from './rules';
import { type Found, type Place, task } from './task';

/** The files at a path that answers can show, with their indexes. */
function at(config: JSONObject, path: string): [number, JSONObject][] {
  return objects(config, 'files').filter(([, file]) => file.path === path && typeof file.contents === 'string');
}

/** The document with a file written; one that is there keeps its mode. */
function withFile(config: JSONObject, place: Place | undefined, path: string, mode: string, contents: string): JSONObject {
  const index = place?.files?.[0];
  const old = index === undefined ? undefined : (items(config, 'files')[index] as JSONObject | undefined);
  return withItem(config, 'files', index, merged(old, { path, mode: (old && text(old, 'mode')) || mode, contents }));
}

const keysPath = '/etc/dropbear/authorized_keys';

interface Keys {
  keys: string[];
}

const keyLine = /^(?:[^\s#]+\s+)?(?:ssh-(?:ed25519|rsa)|ecdsa-sha2-nistp(?:256|384|521)|sk-(?:ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com)\s+[A-Za-z0-9+/]+=*(?:\s.*)?$/;

export const keys = task<Keys>({
  id: 'ssh-keys',
  title: 'SSH keys',
  about: 'who may log in',
  intro: 'The keys that may log in as root over SSH. They replace those a device has.',
  area: 'system',
  icon: 'key-round',
  words: 'dropbear authorized_keys login public key',
  blank: { keys: [] },
  name: (values) => (values.keys.length === 1 ? '1 key' : `${values.keys.length} keys`),
  fields: [{ name: 'keys', label: 'Public keys', kind: 'lines', placeholder: 'ssh-ed25519 AAAA… name', help: 'One per line, as in a file ending in .pub.' }],
  problems: (values) => {
    const wrong = values.keys.findIndex((line) => !line.startsWith('#') && !keyLine.test(line) && !line.includes('{{'));
    return collect<keyof Keys>({
      keys: values.keys.length === 0 ? 'A key is needed' : wrong >= 0 ? `Line ${wrong + 1} is no public key` : undefined,
    });
  },
  fromNetJSON: (config): Found<Keys>[] =>
    at(config, keysPath).map(([index, file]) => ({ values: { keys: text(file, 'contents').split('\n').filter((line) => line.trim() !== '') }, at: { files: [index] } })),
  toNetJSON: (config, values, place) => withFile(config, place, keysPath, '0600', values.keys.map((line) => `${line}\n`).join('')),
});

const shadowPath = '/etc/shadow';

/** The accounts of OpenWrt besides root; none of them can log in. */
const locked = ['daemon:*', 'ftp:*', 'network:*', 'nobody:*', 'ntp:x', 'dnsmasq:x', 'logd:x', 'ubus:x'];

interface Password {
  /** A crypt(3) hash. */
  hash: string;
}

function rootLine(contents: string): string[] | undefined {
  return contents.split('\n').map((line) => line.split(':')).find(([user, hash]) => user === 'root' && hash !== undefined);
}

export const password = task<Password>({
  id: 'password',
  title: 'Password of root',
  about: 'for the console and SSH',
  intro: 'Sets the password of root. Only its hash is kept; the file of accounts is replaced whole.',
  area: 'system',
  icon: 'lock-keyhole',
  words: 'user login shadow root account',
  blank: { hash: '' },
  name: () => 'root',
  fields: [{ name: 'hash', label: 'Password', kind: 'password', help: 'At least 8 characters. Accounts that packages added are not in the new file.' }],
  problems: (values) => collect<keyof Password>({ hash: needed(values.hash, 'A password') }),
  fromNetJSON: (config): Found<Password>[] =>
    at(config, shadowPath).flatMap(([index, file]) => {
      const line = rootLine(text(file, 'contents'));
      return line ? [{ values: { hash: line[1] ?? '' }, at: { files: [index] } }] : [];
    }),
  toNetJSON: (config, values, place) => {
    const old = items(config, 'files')[place?.files?.[0] ?? -1] as JSONObject | undefined;
    const before = old && rootLine(text(old, 'contents')) ? text(old, 'contents') : undefined;
    const fresh = [`root:${values.hash}`, ...locked].map((account) => `${account}:0:0:99999:7:::\n`).join('');
    const contents = before?.split('\n').map((line) => (line.startsWith('root:') ? ['root', values.hash, ...line.split(':').slice(2)].join(':') : line)).join('\n');
    return withFile(config, place, shadowPath, '0600', contents ?? fresh);
  },
});

const cronPath = '/etc/crontabs/root';

interface Cron {
  every: string;
  time: string;
  weekday: string;
  schedule: string;
  command: string;
}

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** The answers a schedule of cron stands for. */
function whenOf(schedule: string): Omit<Cron, 'command'> {
  const none = { time: '04:00', weekday: '0', schedule: '' };
  if (schedule === '*/5 * * * *') return { ...none, every: 'minutes' };
  if (schedule === '0 * * * *') return { ...none, every: 'hour' };
  const match = /^([0-5]?\d) ([01]?\d|2[0-3]) \* \* (\*|[0-6])$/.exec(schedule);
  if (!match) return { ...none, every: 'own', schedule };
  const [, minute = '', hour = '', day = ''] = match;
  const clock = `${hour.padStart(2, '0')}:${minute.padStart(2, '0')}`;
  return day === '*' ? { ...none, every: 'day', time: clock } : { ...none, every: 'week', time: clock, weekday: day };
}

function scheduleOf(values: Cron): string {
  const [hour, minute] = values.time.split(':').map(Number);
  switch (values.every) {
    case 'minutes':
      return '*/5 * * * *';
    case 'hour':
      return '0 * * * *';
    case 'day':
      return `${minute} ${hour} * * *`;
    case 'week':
      return `${minute} ${hour} * * ${values.weekday}`;
  }
  return values.schedule;
}

export const cron = task<Cron>({
  id: 'cron',
  title: 'Scheduled command',
  about: 'cron, by the clock',
  intro: 'Runs a command by the clock of the device. It replaces the commands the device has.',
  area: 'system',
  icon: 'alarm-clock',
  words: 'crontab schedule reboot nightly',
  blank: { every: 'day', time: '04:00', weekday: '0', schedule: '', command: '' },
  name: (values) => values.command,
  fields: [
    {
      name: 'every',
      label: 'How often',
      kind: 'choice',
      choices: [
        { value: 'minutes', label: '5 minutes' },
        { value: 'hour', label: 'Hour' },
        { value: 'day', label: 'Day' },
        { value: 'week', label: 'Week' },
        { value: 'own', label: 'Other' },
      ],
    },
    { name: 'time', label: 'At', kind: 'text', when: (values) => values.every === 'day' || values.every === 'week', help: 'Hours and minutes in the zone of the device, such as 04:00.' },
    { name: 'weekday', label: 'On', kind: 'choice', when: (values) => values.every === 'week', choices: days.map((label, value) => ({ value: String(value), label })) },
    { name: 'schedule', label: 'Schedule', kind: 'text', when: (values) => values.every === 'own', placeholder: '*/10 * * * *', help: 'Minute, hour, day, month and weekday, as cron has them.' },
    { name: 'command', label: 'Command', kind: 'text', placeholder: 'sleep 70 && touch /etc/banner && reboot' },
  ],
  problems: (values) =>
    collect<keyof Cron>({
      time: ['day', 'week'].includes(values.every) && !/^([01]\d|2[0-3]):[0-5]\d$/.test(values.time) ? 'Hours and minutes, such as 04:00' : undefined,
      schedule: values.every === 'own' && values.schedule.trim().split(/\s+/).length !== 5 ? 'Five parts, such as */10 * * * *' : undefined,
      command: needed(values.command, 'A command'),
    }),
  fromNetJSON: (config): Found<Cron>[] =>
    at(config, cronPath).flatMap(([index, file]) => {
      const lines = text(file, 'contents').split('\n').filter((line) => line.trim() !== '');
      const match = /^((?:\S+\s+){4}\S+)\s+(\S.*)$/.exec(lines[0] ?? '');
      if (lines.length !== 1 || !match || lines[0]?.startsWith('#')) return [];
      return [{ values: { ...whenOf((match[1] ?? '').replace(/\s+/g, ' ')), command: match[2] ?? '' }, at: { files: [index] } }];
    }),
  toNetJSON: (config, values, place) => withFile(config, place, cronPath, '0600', `${scheduleOf(values)} ${values.command}\n`),
});

interface File {
  path: string;
  mode: string;
  contents: string;
}

export const file = task<File>({
  id: 'file',
  title: 'File',
  about: 'any path, with variables',
  intro: 'Writes a file on the device, over one that is there.',
  area: 'system',
  icon: 'file-text',
  words: 'files script contents path banner',
  blank: { path: '', mode: '0644', contents: '' },
  name: (values) => values.path,
  last: true,
  fields: [
    { name: 'path', label: 'Path', kind: 'text', placeholder: '/etc/banner' },
    { name: 'contents', label: 'Contents', kind: 'code', help: 'Variables are written as {{ name }}.' },
    {
      name: 'mode',
      label: 'Who may read it',
      kind: 'choice',
      choices: [
        { value: '0644', label: 'Everybody' },
        { value: '0600', label: 'Only root' },
        { value: '0755', label: 'Runs' },
        { value: '0700', label: 'Runs for root' },
      ],
    },
  ],
  problems: (values) =>
    collect<keyof File>({
      path: pathProblem(values.path),
      mode: /^[0-7]{3,4}$/.test(values.mode) ? undefined : 'Three or four digits from 0 to 7',
    }),
  fromNetJSON: (config): Found<File>[] =>
    objects(config, 'files').flatMap(([index, item]) =>
      typeof item.path === 'string' && typeof item.contents === 'string' && typeof item.mode === 'string'
        ? [{ values: { path: item.path, mode: item.mode, contents: item.contents }, at: { files: [index] } }]
        : [],
    ),
  toNetJSON: (config, values, place) => {
    const index = place?.files?.[0];
    const old = index === undefined ? undefined : items(config, 'files')[index];
    return withItem(config, 'files', index, merged(old, { path: values.path, mode: values.mode, contents: values.contents }));
  },
});

function pathProblem(path: string): string | undefined {
  if (path === '') return 'A path is needed';
  if (!path.startsWith('/') || path.length < 2) return 'A path from the root, such as /etc/banner';
  const parts = path.slice(1).replace(/\{\{\s*\w+\s*\}\}/g, 'x').split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..')) return 'No empty, . or .. parts';
  return parts.every((part) => /^[A-Za-z0-9._-]+$/.test(part)) ? undefined : 'Only letters, digits, dots, - and _';
}
