import { describe, expect, it } from 'vitest';
import { locate, placesIn } from './geographic';
import { drawDay, drawNow } from './plot';
import type { Plot } from './types';

const plot: Plot = {
  id: 't', label: 'mesh', updated: null,
  nodes: [
    { id: '1', key: 'a', label: 'tower', device: 'x', place: [13.2, 46.1] },
    { id: '2', key: 'b', label: 'mast', device: 'y', place: [13.2, 46.1] },
    { id: '3', key: 'c', label: 'barn', device: 'z', place: [0, 0] },
    { id: '4', key: 'd', label: 'somewhere', device: null },
  ],
  links: [
    { id: 'p', source: '1', target: '3', status: 'up', cost: 1, text: '', since: '' },
    { id: 'q', source: '3', target: '4', status: 'up', cost: 1, text: '', since: '' },
  ],
  weak: { nodes: [], links: [], parts: 1, alone: 0 },
};

describe('the geographic view', () => {
  const places = placesIn(plot);
  it('draws nodes where their devices are, and links between them', () => {
    const { nodes, links, missing } = locate(drawNow(plot, false), places);
    expect(nodes.map(({ node, place }) => [node.id, place])).toEqual([['1', [13.2, 46.1]], ['2', [13.2, 46.1]], ['3', [0, 0]]]);
    expect(links.map(({ link, from, to }) => [link.id, from.node.id, to.node.id])).toEqual([['p', '1', '3']]);
    expect(missing).toBe(1);
  });
  it('keeps those of one place apart', () => {
    const [one, two, alone] = locate(drawNow(plot, false), places).nodes;
    expect(Math.hypot(one.dx - two.dx, one.dy - two.dy)).toBeGreaterThanOrEqual(13);
    expect([alone.dx, alone.dy]).toEqual([0, 0]);
  });
  it('knows the nodes of former days', () => {
    const day = drawDay({ nodes: [{ id: 'a' }, { id: 'gone' }], links: [] });
    expect(locate(day, places).nodes.map(({ node }) => node.id)).toEqual(['a']);
  });
});
