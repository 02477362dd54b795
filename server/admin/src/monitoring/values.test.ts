import { describe, expect, it } from 'vitest';
import type { Chart } from './types';
import { bytes, duration, generation, keyOf, ruleOf, scaled, summariesOf, tracesOf, weekBefore, withUnit } from './values';

const traffic: Chart = {
  traces: [['download', [null, 1, 2]], ['upload', [null, 0.5, null]]],
  summary: { download: 3, upload: 0.5 },
  title: 'Traffic: wan',
  description: '',
  type: 'stackedbar+lines',
  unit: 'adaptive_prefix+B',
  summary_labels: ['Total traffic', 'Total download traffic', 'Total upload traffic'],
  colors: ['#7f7f7f', '#1f77b4', '#ff7f0e'],
  colorscale: null,
  trace_order: ['total', 'download', 'upload'],
  calculate_total: true,
};

describe('values', () => {
  it('chooses the prefix of a unit', () => {
    expect([0, 0.0000005, 0.25, 1.5, 2500, null].map((value) => withUnit(value, 'adaptive_prefix+B'))).toEqual(['0 B', '0.5 KB', '250 MB', '1.5 GB', '2.5 TB', '–']);
    expect(withUnit(99.5, '%')).toBe('99.5%');
  });
  it('adds traffic up, and leaves gaps empty', () => {
    expect(tracesOf(traffic)).toEqual([['total', [null, 1.5, 2]], ['download', [null, 1, 2]], ['upload', [null, 0.5, null]]]);
    expect(summariesOf(traffic).map(({ label, value }) => `${label}: ${value}`)).toEqual(['Total traffic: 3.5 GB', 'Total download traffic: 3 GB', 'Total upload traffic: 500 MB']);
  });
  it('colours by value', () => {
    const chart = { ...traffic, colorscale: { max: 100, min: 0, map: [[100, 'green', 'Flawless'], [50, 'yellow', 'Partly'], [null, 'red', 'Not']] } } as Chart;
    expect([100, 60, 0, null].map((value) => scaled(chart, value))).toEqual(['green', 'yellow', 'red', undefined]);
  });
  it('goes back a week by the calendar', () => {
    expect(weekBefore({ start: '2026-03-30 00:00:00', end: '2026-03-31 00:00:00' }, new Date())).toEqual({ start: '2026-03-23 00:00:00', end: '2026-03-24 00:00:00' });
    expect(weekBefore({ time: '7d' }, new Date(2026, 2, 30, 12))).toEqual({ start: '2026-03-17 00:00:00', end: '2026-03-23 12:00:00' });
    expect(weekBefore({ time: '30d' }, new Date())).toBeUndefined();
  });
  it('writes for people', () => {
    expect([512, 2048, 5 * 2 ** 30].map(bytes)).toEqual(['512 B', '2.0 KiB', '5.0 GiB']);
    expect([59, 3_700, 200_000].map(duration)).toEqual(['0 min', '1 h 1 min', '2 d 7 h']);
    expect(['NOHT', 'HT20', 'VHT80', 'HE80', 'EHT160', undefined].map(generation)).toEqual(['legacy', 'WiFi 4', 'WiFi 5', 'WiFi 6', 'WiFi 7', '']);
  });
});

describe('custom metrics', () => {
  it('says when a device is not well', () => {
    expect(ruleOf({ operator: '>', threshold: 80, tolerance: 0, unit: '°C' })).toBe('above 80 °C');
    expect(ruleOf({ operator: '<', threshold: 0, tolerance: 15, unit: '' })).toBe('below 0 for 15 min');
    expect(ruleOf({ operator: '', threshold: null, tolerance: 0, unit: '' })).toBe('–');
  });
  it('makes keys the server takes', () => {
    expect(keyOf('Temperature of the CPU (°C)')).toBe('temperature_of_the_cpu_c');
    expect(keyOf('5 GHz: noise')).toBe('ghz_noise');
    expect(keyOf('Länge '.repeat(20))).toMatch(/^[a-z][a-z0-9_]{0,31}$/);
    expect(keyOf('…')).toBe('');
  });
});
