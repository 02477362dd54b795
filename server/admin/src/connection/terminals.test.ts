import { describe, expect, it } from 'vitest';
import { endOf, pieces, readCast } from './terminals';

describe('terminals', () => {
  it('cuts what is pasted', () => {
    expect(pieces('aé', 2).map((part) => [...part])).toEqual([[97, 195], [169]]);
    expect(pieces('')).toEqual([]);
  });

  it('knows the end', () => {
    expect(endOf('{"type":"end","reason":"Over."}')).toBe('Over.');
    expect(endOf('{"type":"end"}')).toBe('');
    expect(endOf('{"type":"open"}')).toBeUndefined();
    expect(endOf('no JSON')).toBeUndefined();
  });

  it('reads a recording, without long pauses and half lines', () => {
    const cast = readCast('{"version":2,"width":100,"height":30}\n[0.5,"o","a"]\n[60.5,"o","b"]\n[61,"r","120x40"]\n[62,"i","typed"]\n[63,"o');
    expect(cast).toEqual({ cols: 100, rows: 30, length: 4, events: [{ at: 0.5, shown: 'a' }, { at: 2.5, shown: 'b' }, { at: 3, size: { cols: 120, rows: 40 } }] });
    expect(readCast('nothing').events).toEqual([]);
  });
});
