import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JSONObject } from '../../api/types';
import { areas, partsOf, search, taskOf, tasks, without } from './gallery';
import { isObject } from './json';
import { samples } from './samples';

const all = tasks.flatMap((task) => (samples[task.id] ?? []).map((values, index) => [`${task.id}-${index + 1}`, task, values] as const));

/** A document with a key nobody knows in every object of it. */
function marked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(marked);
  if (!isObject(value)) return value;
  const next: JSONObject = { 'x-theirs': { kept: true } };
  for (const [key, inner] of Object.entries(value)) next[key] = marked(inner);
  return next;
}

/** How many of the keys nobody knows a document has. */
function marks(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + marks(item), 0);
  if (!isObject(value)) return 0;
  return Object.entries(value).reduce((sum, [key, inner]) => sum + (key === 'x-theirs' ? 1 : marks(inner)), 0);
}

const foreign: JSONObject = {
  general: { description: 'theirs', maintainer: 'them' },
  interfaces: [
    { type: 'loopback', name: 'lo', network: 'loopback' },
    { type: 'wireless', name: 'wlan9', wireless: { mode: 'station', radio: 'radio0', ssid: 'Uplink' } },
  ],
  files: [{ path: '/etc/theirs', mode: '0600', contents: 'kept' }],
  firewall: [{ config_name: 'rule', config_value: 'theirs', src: 'wan' }],
  dhcp: [{ config_name: 'dnsmasq', domain: 'theirs' }],
  made_by: 'somebody',
};

it('every task has samples, an area and an id of its own', () => {
  expect(tasks.filter((task) => !samples[task.id]?.length).map(({ id }) => id)).toEqual([]);
  expect(new Set(tasks.map(({ id }) => id)).size).toBe(tasks.length);
  for (const task of tasks) expect(areas.map(({ id }) => id)).toContain(task.area);
});

it('every task asks few things', () => {
  for (const task of tasks) {
    for (const values of [task.blank, ...(samples[task.id] ?? [])]) {
      const asked = task.fields.filter((field) => !field.more && (field.when?.(values) ?? true)).length;
      expect(asked, task.id).toBeGreaterThanOrEqual(1);
      expect(asked, task.id).toBeLessThanOrEqual(6);
    }
    expect(task.fields.map(({ name }) => name).filter((name) => !(name in task.blank)), task.id).toEqual([]);
  }
});

describe.each(all)('%s', (_, task, values) => {
  it('has no problem', () => {
    expect(task.problems(values)).toEqual({});
  });

  it('reads what it wrote, and writes it again as it was', () => {
    const written = task.toNetJSON({}, values);
    const found = task.fromNetJSON(written);
    expect(found.map((one) => one.values)).toEqual([values]);
    expect(task.toNetJSON(written, found[0]?.values, found[0]?.at)).toEqual(written);
    expect(task.toNetJSON(foreign, values)).toEqual(task.toNetJSON(structuredClone(foreign), values));
  });

  it('is found among other things, changed and removed, and leaves them as they were', () => {
    const before = structuredClone(foreign);
    const written = task.toNetJSON(foreign, values);
    expect(foreign, 'the document that is written to does not change').toEqual(before);
    const part = partsOf(written).parts.find((one) => one.task === task && JSON.stringify(one.values) !== JSON.stringify(partsOf(foreign).parts.find((old) => old.task === task)?.values));
    // a package is read whole: with what was in it
    if (task.id === 'uci') return;
    expect(part?.values).toEqual(values);
    expect(task.toNetJSON(written, part?.values, part?.at)).toEqual(written);
    expect(without(written, part?.at ?? {})).toEqual(foreign);
  });

  it('keeps keys nobody knows', () => {
    const written = marked(task.toNetJSON({}, values)) as JSONObject;
    const [found] = task.fromNetJSON(written);
    // a UCI text cannot hold an object, so a package with one is not shown as text
    if (task.id === 'uci') return expect(found).toBeUndefined();
    expect(found?.values).toEqual(values);
    const again = task.toNetJSON(written, found?.values, found?.at);
    expect(again).toEqual(written);
    expect(marks(again)).toBe(marks(written));
  });

  it('is all there is in a document of its own', () => {
    const { parts, others } = partsOf(task.toNetJSON({}, values));
    expect(parts.map((part) => part.task.id)).toEqual([task.id]);
    expect(others).toEqual([]);
  });
});

it('tells what no task shows', () => {
  expect(partsOf(foreign).others).toEqual(['general: description', 'general: maintainer', 'interfaces: lo', 'interfaces: wlan9', 'made_by']);
});

it('reads several of a kind, and keeps them apart', () => {
  const wifi = taskOf('wifi');
  const [first, , third] = samples.wifi ?? [];
  let config = wifi?.toNetJSON(wifi.toNetJSON({}, first), third) ?? {};
  let parts = partsOf(config).parts;
  expect(parts.map((part) => part.values)).toEqual([first, third]);
  config = wifi?.toNetJSON(config, { ...first, ssid: 'Other', radios: 'radio1' }, parts[0]?.at) ?? {};
  parts = partsOf(config).parts;
  expect(parts.map((part) => part.values)).toEqual([{ ...first, ssid: 'Other', radios: 'radio1' }, third]);
  const names = (config.interfaces as JSONObject[]).map(({ name }) => name as string);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[^\s]{2,15}$/);
});

it('names of long networks stay apart', () => {
  const wifi = taskOf('wifi');
  const name = (ssid: string) => (wifi?.toNetJSON({}, { ...samples.wifi?.[0], ssid })?.interfaces as JSONObject[] | undefined)?.[0]?.name;
  expect(name('Comune di Trieste')).not.toBe(name('Comune di Trieste 2'));
  expect(name('猫')).not.toBe(name('犬'));
});

it.each([
  ['guest', 'guest'],
  ['wpa3 ente', 'wifi'],
  ['ntp', 'time'],
  ['Port forw', 'forward'],
])('%s finds %s', (query, id) => {
  expect(search(query).map((task) => task.id)).toContain(id);
});

it('finds all for nothing, and nothing for nonsense', () => {
  expect(search(' ')).toHaveLength(tasks.length);
  expect(search('zzz')).toEqual([]);
});

// The server's tests render these documents and compare the result: documents.json is what both sides agree on.
it('writes the documents the server renders', () => {
  const path = join(import.meta.dirname, 'testdata', 'documents.json');
  const documents = Object.fromEntries(all.map(([name, task, values]) => [name, task.toNetJSON({}, values)]));
  const text = `${JSON.stringify(documents, null, 1)}\n`;
  if (process.env.UPDATE || !existsSync(path)) writeFileSync(path, text);
  expect(text).toBe(readFileSync(path, 'utf8'));
});
