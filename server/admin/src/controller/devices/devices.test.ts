import { describe, expect, it } from 'vitest';
import type { Device, Template } from '../types';
import { statusOf } from './status';
import { deletable } from './deletable';
import { changedDevice, newDeviceBody } from './bodies';
import { lineDiff } from './lineDiff';
import { initialTemplates, move, usable } from './templateOrder';

const template = (id: string, more: Partial<Template> = {}) =>
  ({ id, name: id, organization: 'o', backend: 'b', required: false, default: false, ...more }) as Template;

describe('templates of a device', () => {
  it('are of its backend and of its organization or shared', () => {
    expect(usable(template('t'), 'b', 'o')).toBe(true);
    expect(usable(template('t', { organization: null }), 'b', 'o')).toBe(true);
    expect(usable(template('t', { organization: 'p' }), 'b', 'o')).toBe(false);
    expect(usable(template('t'), 'c', 'o')).toBe(false);
  });
  it('start with required, then default ones, by name', () => {
    const all = [
      template('d2', { default: true }),
      template('x'),
      template('r2', { required: true, default: true }),
      template('d1', { default: true }),
      template('r1', { required: true, default: true }),
    ];
    expect(initialTemplates(all)).toEqual(['r1', 'r2', 'd1', 'd2']);
  });
  it('move within the list', () => {
    expect(move(['a', 'b', 'c'], 0, 2)).toEqual(['b', 'c', 'a']);
    expect(move(['a', 'b', 'c'], 2, 0)).toEqual(['c', 'a', 'b']);
    expect(move(['a', 'b'], 0, 2)).toEqual(['a', 'b']);
  });
});

describe('what is sent', () => {
  it('of a new device leaves out what is empty', () => {
    expect(newDeviceBody({ name: 'n', key: '', management_ip: null, group: null, config: null })).toEqual({ name: 'n' });
    expect(newDeviceBody({ name: 'n', key: 'k', config: { backend: 'b' } })).toEqual({
      name: 'n',
      key: 'k',
      config: { backend: 'b', templates: [], context: {}, config: {} },
    });
  });
  it('of a changed device holds its configuration only if that changed, without the status', () => {
    const config = { status: 'applied' as const, error_reason: '', backend: 'b', templates: ['t'], context: {}, config: {} };
    const previousData = { id: '1', name: 'a', config };
    expect(changedDevice({ ...previousData, name: 'b', last_ip: '10.0.0.1' }, { previousData })).toEqual({ id: '1', name: 'b' });
    expect(changedDevice({ ...previousData, config: { ...config, context: { x: 1 } } }, { previousData })).toEqual({
      id: '1',
      name: 'a',
      config: { backend: 'b', templates: ['t'], context: { x: 1 }, config: {} },
    });
  });
});

describe('the state of a device', () => {
  const device = (status: string | null, is_deactivated = false) =>
    ({ is_deactivated, config: status ? { status, backend: 'b' } : null }) as Device;
  it('without configuration is unknown or deactivated', () => {
    expect(statusOf(device(null))).toBe('unknown');
    expect(statusOf(device(null, true))).toBe('deactivated');
    expect(statusOf(device('error'))).toBe('error');
  });
  it('allows deletion once it is fully deactivated', () => {
    expect(deletable(device('applied'))).toBe(false);
    expect(deletable(device('deactivating', true))).toBe(false);
    expect(deletable(device('deactivated', true))).toBe(true);
    expect(deletable(device(null, true))).toBe(true);
    expect(deletable(device(null))).toBe(false);
  });
});

describe('lineDiff', () => {
  const signs = { same: ' ', added: '+', removed: '-' };
  const show = (a: string, b: string) => lineDiff(a, b).map(({ kind, text }) => signs[kind] + text).join('\n');
  it.each([
    ['a\nb\nc', 'a\nb\nc', ' a\n b\n c'],
    ['a\nb\nc', 'a\nx\nc', ' a\n-b\n+x\n c'],
    ['a\nc', 'a\nb\nc', ' a\n+b\n c'],
    ['a\nb\nc', 'c', '-a\n-b\n c'],
    ['a\nb\na', 'a\na\nb', ' a\n-b\n a\n+b'],
  ])('of %j and %j', (a, b, want) => {
    expect(show(a, b)).toBe(want);
  });
});
