// A topology as what is drawn of it: pure, so that it can be tested without a screen.
import type { Difference, Plot, Snapshot } from './types';

/** How a node or link is drawn. */
export type Look = 'plain' | 'weak' | 'up' | 'down' | 'added' | 'removed' | 'changed' | 'device';

/** A node that is drawn. */
export interface DrawnNode {
  id: string;
  label: string;
  look: Look;
  size: number;
  /** Where its page is; snapshots have none. */
  page?: string;
}

/** A link that is drawn. */
export interface DrawnLink {
  id: string;
  source: string;
  target: string;
  look: Look;
  wide: boolean;
  title: string;
  page?: string;
}

/** What is drawn. */
export interface Drawing {
  nodes: DrawnNode[];
  links: DrawnLink[];
}

/** Larger where more links meet, but never so that one covers the others. */
export function sizeOf(degree: number): number {
  return 3 + Math.min(9, 1.6 * Math.sqrt(degree));
}

function degreesOf(links: { source: string; target: string }[]): Map<string, number> {
  const degrees = new Map<string, number>();
  for (const { source, target } of links) {
    degrees.set(source, (degrees.get(source) ?? 0) + 1);
    degrees.set(target, (degrees.get(target) ?? 0) + 1);
  }
  return degrees;
}

/** A topology as it is now; weak points stand out where they are asked for. */
export function drawNow(plot: Plot, weak: boolean): Drawing {
  const degrees = degreesOf(plot.links);
  const cuts = new Set(weak ? plot.weak.nodes : []);
  const bridges = new Set(weak ? plot.weak.links : []);
  const names = new Map(plot.nodes.map(({ id, label }) => [id, label]));
  return {
    nodes: plot.nodes.map(({ id, label, device }) => ({ id, label, look: cuts.has(id) ? 'weak' : device ? 'device' : 'plain', size: sizeOf(degrees.get(id) ?? 0), page: `/topologyNodes/${id}` })),
    links: plot.links
      .filter(({ source, target }) => names.has(source) && names.has(target))
      .map(({ id, source, target, status, cost, text }) => ({
        id,
        source,
        target,
        look: status === 'down' ? 'down' : bridges.has(id) ? 'weak' : 'up',
        wide: bridges.has(id),
        title: `${names.get(source)} – ${names.get(target)}: ${status}, cost ${text || cost}`,
        page: `/topologyLinks/${id}`,
      })),
  };
}

/** A topology as it was. */
export function drawDay({ nodes, links }: Snapshot): Drawing {
  const drawn = links.map(({ source, target, cost, properties }, index) => ({
    id: `${source} ${target} ${index}`,
    source: String(source),
    target: String(target),
    look: (properties.status === 'down' ? 'down' : 'up') as Look,
    wide: false,
    title: `${source} – ${target}: ${properties.status ?? 'up'}, cost ${cost}`,
  }));
  const degrees = degreesOf(drawn);
  const known = new Set(nodes.map(({ id }) => String(id)));
  return {
    nodes: nodes.map(({ id, label }) => ({ id: String(id), label: label ?? String(id), look: 'plain', size: sizeOf(degrees.get(String(id)) ?? 0) })),
    links: drawn.filter(({ source, target }) => known.has(source) && known.has(target)),
  };
}

const linkLooks: Record<Difference['links'][number]['kind'], Look> = { added: 'added', removed: 'removed', up: 'added', down: 'down', cost: 'changed' };

/** A topology as it is now with what changed since a day; what is gone is drawn too. */
export function drawDifference(plot: Plot, difference: Difference): Drawing {
  const now = drawNow(plot, false);
  const keys = new Map(plot.nodes.map(({ id, key }) => [key, id]));
  const kinds = new Map(difference.nodes.map(({ id, kind }) => [id, kind]));
  const nodes: DrawnNode[] = now.nodes.map((node, index) => {
    const kind = kinds.get(plot.nodes[index].key);
    return { ...node, look: kind === 'added' ? 'added' : kind === 'renamed' ? 'changed' : 'plain' };
  });
  for (const { kind, id, label } of difference.nodes) {
    if (kind !== 'removed') continue;
    keys.set(id, `gone ${id}`);
    nodes.push({ id: `gone ${id}`, label: label || id, look: 'removed', size: sizeOf(1) });
  }
  const pair = (a: string, b: string) => (a < b ? `${a} ${b}` : `${b} ${a}`);
  const changed = new Map(difference.links.map((link) => [pair(keys.get(link.source) ?? link.source, keys.get(link.target) ?? link.target), link]));
  const links: DrawnLink[] = now.links.map((link) => {
    const change = changed.get(pair(link.source, link.target));
    return { ...link, look: change ? linkLooks[change.kind] : 'plain', wide: change !== undefined };
  });
  difference.links.forEach(({ kind, source, target }, index) => {
    const [a, b] = [keys.get(source), keys.get(target)];
    if (kind === 'removed' && a && b) links.push({ id: `gone ${index}`, source: a, target: b, look: 'removed', wide: true, title: `${source} – ${target}: removed` });
  });
  return { nodes, links };
}

/** Where nodes stand at first: those that are known where they stood, new ones beside a neighbour or on a spiral. */
export function placesOf(drawing: Drawing, known: Map<string, { x: number; y: number }>): Map<string, { x: number; y: number }> {
  const places = new Map<string, { x: number; y: number }>();
  for (const { id } of drawing.nodes) {
    const place = known.get(id);
    if (place) places.set(id, place);
  }
  const beside = new Map<string, string>();
  for (const { source, target } of drawing.links) {
    if (places.has(source) && !places.has(target)) beside.set(target, source);
    if (places.has(target) && !places.has(source)) beside.set(source, target);
  }
  drawing.nodes.forEach(({ id }, index) => {
    if (places.has(id)) return;
    const angle = index * 2.399963; // the golden angle: no two on one ray
    const neighbour = places.get(beside.get(id) ?? '');
    const distance = neighbour ? 1 : 2 * Math.sqrt(index + 1);
    places.set(id, { x: (neighbour?.x ?? 0) + distance * Math.cos(angle), y: (neighbour?.y ?? 0) + distance * Math.sin(angle) });
  });
  return places;
}

/** The nodes that a text finds, at most so many. */
export function findNodes(drawing: Drawing, text: string, most = 8): DrawnNode[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return [];
  const found: DrawnNode[] = [];
  for (const node of drawing.nodes) {
    if (node.label.toLowerCase().includes(wanted) || node.id.toLowerCase() === wanted) found.push(node);
    if (found.length === most) break;
  }
  return found;
}
