import { describe, expect, it } from 'vitest';
import { fromVariables, parseObject, same, toVariables, valueAt, variablesProblem } from './values';

describe('same', () => {
  it.each([
    [{ a: 1, b: [1, { c: null }] }, { b: [1, { c: null }], a: 1 }, true],
    [{ a: 1 }, { a: 1, b: undefined }, false],
    [[1, 2], [2, 1], false],
    [[], {}, false],
    [null, {}, false],
    ['1', 1, false],
  ])('%j and %j: %s', (a, b, want) => {
    expect(same(a, b)).toBe(want);
    expect(same(b, a)).toBe(want);
  });
});

describe('parseObject', () => {
  it('takes an object, and nothing for an empty one', () => {
    expect(parseObject('{"b":1,"a":2}')).toEqual({ value: { b: 1, a: 2 } });
    expect(parseObject('  ')).toEqual({ value: {} });
  });
  it.each(['[]', 'null', '1', '"x"'])('refuses %s', (text) => {
    expect(parseObject(text)).toEqual({ problem: 'This must be a JSON object: { … }' });
  });
  it('says where the syntax breaks', () => {
    expect(parseObject('{\n  "a": 1,\n  b\n}')).toMatchObject({ problem: expect.stringContaining('line 3') });
  });
});

describe('variables', () => {
  const value = { ssid: 'Café', vlan: 12, on: true, list: [1, 2], nothing: null };
  it('come back as they were', () => {
    expect(fromVariables(toVariables(value))).toEqual(value);
  });
  it('stay text when they were text', () => {
    expect(fromVariables([{ name: 'port', text: '80', json: false }])).toEqual({ port: '80' });
  });
  it('become text when their JSON is edited into none', () => {
    expect(fromVariables([{ name: 'vlan', text: '12a', json: true }])).toEqual({ vlan: '12a' });
  });
  it('drop rows without a name and trim names', () => {
    expect(fromVariables([{ name: ' a ', text: '1', json: false }, { name: '', text: '', json: false }])).toEqual({ a: '1' });
  });
  it('must have names, each once', () => {
    const row = (name: string, text: string) => ({ name, text, json: false });
    expect(variablesProblem([row('a', '1'), row('', '')])).toBeUndefined();
    expect(variablesProblem([row('', '1')])).toMatch(/no name/);
    expect(variablesProblem([row('a', '1'), row('a ', '2')])).toMatch(/a is there twice/);
  });
  it('of something else are none', () => {
    expect(toVariables(null)).toEqual([]);
    expect(toVariables(['a'])).toEqual([]);
  });
});

it('looks into values by path', () => {
  const value = { interfaces: [{ name: 'a' }, { mtu: '{{ mtu }}' }] };
  expect(valueAt(value, ['interfaces', '1', 'mtu'])).toBe('{{ mtu }}');
  expect(valueAt(value, ['interfaces', '2', 'mtu'])).toBeUndefined();
  expect(valueAt(value, [])).toBe(value);
});
