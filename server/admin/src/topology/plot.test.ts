import { describe, expect, it } from 'vitest';
import { drawDay, drawDifference, drawNow, findNodes, placesOf, sizeOf } from './plot';
import type { Plot } from './types';

const plot: Plot = {
  id: 't',
  label: 'mesh',
  updated: null,
  nodes: [
    { id: '1', key: 'a', label: 'tower', device: null },
    { id: '2', key: 'b', label: 'mast', device: 'd' },
    { id: '3', key: 'c', label: 'c', device: null },
  ],
  links: [
    { id: 'x', source: '1', target: '2', status: 'up', cost: 1, text: '', since: '' },
    { id: 'y', source: '2', target: '3', status: 'down', cost: 2, text: '2 ETX', since: '' },
    { id: 'z', source: '2', target: 'elsewhere', status: 'up', cost: 2, text: '', since: '' },
  ],
  weak: { nodes: ['2'], links: ['x'], parts: 1, alone: 1 },
};

describe('a topology', () => {
  it('is drawn as it is now', () => {
    const plain = drawNow(plot, false);
    expect(plain.nodes.map(({ look }) => look)).toEqual(['plain', 'device', 'plain']);
    expect(plain.links.map(({ id, look }) => [id, look])).toEqual([['x', 'up'], ['y', 'down']]);
    expect(plain.links[1].title).toBe('mast – c: down, cost 2 ETX');
    const weak = drawNow(plot, true);
    expect(weak.nodes[1].look).toBe('weak');
    expect(weak.links[0]).toMatchObject({ look: 'weak', wide: true });
  });
  it('is drawn as it was', () => {
    const day = drawDay({ nodes: [{ id: 7 }, { id: 'b', label: 'B' }], links: [{ source: 7, target: 'b', cost: 1, properties: { status: 'down' } }, { source: 7, target: 'gone', cost: 1, properties: {} }] });
    expect(day.nodes.map(({ id, label }) => [id, label])).toEqual([['7', '7'], ['b', 'B']]);
    expect(day.links.map(({ look }) => look)).toEqual(['down']);
  });
  it('shows what changed', () => {
    const drawn = drawDifference(plot, {
      nodes: [{ kind: 'added', id: 'c', label: 'c', before: '' }, { kind: 'removed', id: 'old', label: 'Old', before: 'Old' }],
      links: [{ kind: 'down', source: 'c', target: 'b', cost: 2, before: 2, status: 'down' }, { kind: 'removed', source: 'a', target: 'old', cost: 1, before: 1, status: 'up' }],
    });
    expect(drawn.nodes.map(({ label, look }) => [label, look])).toEqual([['tower', 'plain'], ['mast', 'plain'], ['c', 'added'], ['Old', 'removed']]);
    expect(drawn.links.map(({ look }) => look)).toEqual(['plain', 'down', 'removed']);
    expect(drawn.links[2]).toMatchObject({ source: '1', target: 'gone old' });
  });
  it('keeps places and puts new nodes beside their neighbours', () => {
    const places = placesOf(drawNow(plot, false), new Map([['1', { x: 50, y: 50 }]]));
    expect(places.get('1')).toEqual({ x: 50, y: 50 });
    const two = places.get('2');
    expect(Math.hypot((two?.x ?? 0) - 50, (two?.y ?? 0) - 50)).toBeCloseTo(1);
    expect(places.size).toBe(3);
  });
  it('finds nodes', () => {
    expect(findNodes(drawNow(plot, false), 'TOW').map(({ id }) => id)).toEqual(['1']);
    expect(findNodes(drawNow(plot, false), ' ')).toEqual([]);
    expect(sizeOf(10_000)).toBe(12);
  });
});
