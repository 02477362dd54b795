import { describe, expect, it } from 'vitest';
import { carefully, runs, strategyOf, wavesOf } from './UpgradeCreate';

describe('what a device runs', () => {
  it.each([
    [{ version: '23.05', installed: true }, '23.05'],
    [{ version: '24.10', installed: false }, 'not known, was to get 24.10'],
    [{ version: '', installed: false }, 'not known'],
  ])('of %j is %s', (target, text) => expect(runs(target, (words, values) => words.replace('%{version}', values?.version ?? ''))).toBe(text));
});

describe('what the fields of waves say', () => {
  it('is canaries, parts and pauses', () => {
    expect(wavesOf({ ...carefully(100), canaries: ['a'], parts: '10, 50 %', pause: '1.5' })).toEqual([
      { devices: ['a'], pause: 90, confirm: false }, { percent: 10, pause: 90, confirm: false }, { percent: 50, pause: 90, confirm: false },
    ]);
    expect(wavesOf({ ...carefully(100), first: '0', parts: '' })).toEqual([]);
  });

  it('is a strategy in seconds and moments', () => {
    const now = new Date('2026-11-30T12:00:00Z');
    expect(strategyOf({ ...carefully(3), from: '22:00', to: '05:00', zone: 'Europe/Rome', deadline: '2', within: '30', gates: false }, now)).toMatchObject({
      return_within: 1800, no_gates: true, window: { days: [], from: '22:00', to: '05:00' }, time_zone: 'Europe/Rome', deadline: '2026-12-02T12:00:00.000Z', waves: [{ count: 1, pause: 900 }],
    });
    expect(strategyOf({ ...carefully(3), deadline: '0' }, now)).not.toHaveProperty('deadline');
    expect(strategyOf(carefully(3), now)).not.toHaveProperty('window');
  });
});
