import { describe, expect, it } from 'vitest';
import { bytes, operationLook, risksOf, sorted, waveSizes } from './looks';
import type { Target } from './types';

const target = (name: string, change: Partial<Target> = {}): Target => ({ device: name, name, model: 'm', device_firmware: 'f', installed: true, image: 'i', type: 't', version: '1', skip: '', ...change });

describe('what a mass upgrade does', () => {
  it('tells chosen devices from the others, with the most frequent reason first', () => {
    const { chosen, reasons } = sorted([target('a'), target('b', { skip: 'off' }), target('c', { device_firmware: null }), target('d', { skip: 'gone' }), target('e', { skip: 'gone' })], false);
    expect(chosen.map(({ name }) => name)).toEqual(['a']);
    expect(reasons.map(({ why, targets }) => [why, targets.length])).toEqual([['gone', 2], ['off', 1], ['What it runs is not known, and such devices are not wanted.', 1]]);
    expect(sorted([target('c', { device_firmware: null })], true).chosen).toHaveLength(1);
  });

  it('foresees the sizes of waves as the engine makes them', () => {
    expect(waveSizes(10, [{ count: 1 }, { percent: 30 }])).toEqual([1, 3, 6]);
    expect(waveSizes(3, [{ percent: 1 }, { count: 5 }, { count: 5 }])).toEqual([1, 2]);
    expect(waveSizes(5, [{ devices: ['a', 'b'] }])).toEqual([2, 3]);
    expect(waveSizes(4, [])).toEqual([4]);
  });
});

describe('words', () => {
  it('say the risk of options', () => {
    expect(risksOf({ n: true, F: true }).map(({ status }) => status)).toEqual(['critical', 'critical']);
    expect(risksOf({})).toEqual([{ status: 'ok', text: 'Settings are kept: the files that the packages name as configuration.' }]);
  });

  it('tell waiting operations from running ones', () => {
    expect(operationLook({ status: 'in-progress', waiting: true }).word).toBe('waits for its turn');
    expect(operationLook({ status: 'in-progress', waiting: false }).word).toBe('under way');
  });

  it('say sizes', () => expect([bytes(12), bytes(2048), bytes(6 << 20)]).toEqual(['12 B', '2 KiB', '6.0 MiB']));
});
