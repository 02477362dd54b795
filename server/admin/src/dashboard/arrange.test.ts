import { expect, it } from 'vitest';
import type { Concern } from '../app/concern';
import { layoutOf, listOf, moved, share, toggled, undrawn, within } from './arrange';
import type { Chart, Slice } from './types';

const chart = (name: string, hidden = false): Chart => ({ name, label: name, hidden, model: 'config.device', watch: [], unit: '', total: 0, slices: [], quick_link: null, failed: false });
const slice = (filters: Slice['filters']): Slice => ({ label: 'x', value: 1, color: '', status: '', filters });
const concerns: Concern[] = [
  { name: 'controller', resources: [{ name: 'devices', path: 'x/', model: { app: 'config', model: 'device' }, list: () => null }, { name: 'settings', path: 'y/', model: { app: 'config', model: 'settings' } }], menu: [], texts: {} },
];

it('leads to the list of what a part counts', () => {
  expect(listOf(concerns, chart('a'), slice({ model__exact: 'Box "1" & <2>', with_geo: 'true' }))).toBe(`/devices?filter=${encodeURIComponent('{"model__exact":"Box \\"1\\" & <2>","with_geo":true}')}`);
  expect(listOf(concerns, chart('a'), slice(null))).toBeUndefined();
  expect(listOf(concerns, { ...chart('a'), model: 'config.settings' }, slice({}))).toBeUndefined();
  expect(listOf(concerns, { ...chart('a'), model: 'support.ticket' }, slice({}))).toBeUndefined();
});

it('draws nothing twice', () => {
  const drawing: Concern = { name: 'x', resources: [], menu: [], texts: {}, overview: [{ place: 'top', chart: 'b', Part: () => null }, { place: 'top', Part: () => null }] };
  expect(undrawn([chart('a'), chart('b')], [...concerns, drawing]).map(({ name }) => name)).toEqual(['a']);
});

it('knows its own addresses', () => {
  expect(within('/admin/device_monitoring/wifisession/')).toBe('/device_monitoring/wifisession/');
  expect(within('https://example.org/admin/')).toBeUndefined();
});

it('moves and hides charts', () => {
  const charts = [chart('a'), chart('b', true), chart('c')];
  expect(layoutOf(moved(charts, 'c', -1))).toEqual({ order: ['a', 'c', 'b'], hidden: ['b'] });
  expect(moved(charts, 'a', -1)).toBe(charts);
  expect(moved(charts, 'c', 1)).toBe(charts);
  expect(moved(charts, 'nope', 1)).toEqual(charts);
  expect(layoutOf(toggled(toggled(charts, 'a'), 'b')).hidden).toEqual(['a']);
});

it('says shares without rounding parts away', () => {
  expect([share(1, 1000), share(999, 1000), share(1, 3), share(3, 3)]).toEqual(['<1 %', '>99 %', '33 %', '100 %']);
});
