import { describe, expect, it } from 'vitest';
import { bytes, operationLook, risksOf, sorted, waveSizes, wayBack } from './looks';
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
  it.each([
    [{}, ['ok'], 'Settings are kept: the files that the packages name as configuration.'],
    [{ c: true }, ['ok'], 'Settings are kept, with all changed files.'],
    [{ o: true }, ['ok'], 'Settings are kept, with all changed files.'],
    [{ n: true, c: false }, ['critical'], 'Settings are lost: the device comes back only when the image itself lets it register.'],
    [{ F: true, c: true }, ['critical', 'ok'], 'Flashed even when the device refuses the image: one for other hardware makes it unusable.'],
    [{ F: true, n: true }, ['critical', 'critical'], 'Flashed even when the device refuses the image: one for other hardware makes it unusable.'],
    [{ p: true, c: true }, ['problem', 'ok'], 'The partition table is not restored: what lies on other partitions, the other system of A/B too, may be lost.'],
  ])('say the risk of options %j, the worst first', (options, statuses, first) => {
    const risks = risksOf(options);
    expect(risks.map(({ status }) => status)).toEqual([...statuses, 'unknown']);
    expect(risks[0].text).toBe(first);
    expect(risks.at(-1)?.text).toBe(wayBack); // A/B or not: it is said of each
  });

  it('tell waiting operations from running ones', () => {
    expect(operationLook({ status: 'in-progress', waiting: true }).word).toBe('waits for its turn');
    expect(operationLook({ status: 'in-progress', waiting: false }).word).toBe('under way');
  });

  it('say sizes', () => expect([bytes(12), bytes(2048), bytes(6 << 20)]).toEqual(['12 B', '2 KiB', '6.0 MiB']));
});
