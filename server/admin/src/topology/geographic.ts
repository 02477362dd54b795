// Where the nodes of a drawing stand on a map: pure, so that it can be tested without one.
import type { Drawing, DrawnLink, DrawnNode } from './plot';
import type { Plot } from './types';

/** Longitude and latitude. */
export type Place = [number, number];

/** A node on the map: several at one place stand in a ring around it, by so many pixels. */
export interface Placed {
  node: DrawnNode;
  place: Place;
  dx: number;
  dy: number;
}

/** What is on the map, and how many nodes are not. */
export interface Located {
  nodes: Placed[];
  links: { link: DrawnLink; from: Placed; to: Placed }[];
  missing: number;
}

/** Where the nodes are, by our ids and by those in NetJSON, which former days have. */
export function placesIn(plot: Plot): Map<string, Place> {
  const places = new Map<string, Place>();
  for (const { id, key, place } of plot.nodes) {
    if (!place) continue;
    places.set(id, place);
    places.set(key, place);
  }
  return places;
}

/** How far those of one place stand from it: near enough to be seen as one place, and apart from each other. */
function ring(index: number, count: number): { dx: number; dy: number } {
  if (count === 1) return { dx: 0, dy: 0 };
  const radius = Math.max(16, (count * 13) / (2 * Math.PI));
  const angle = (2 * Math.PI * index) / count - Math.PI / 2;
  return { dx: Math.round(radius * Math.cos(angle)), dy: Math.round(radius * Math.sin(angle)) };
}

/** Puts a drawing on the map. Links of which an end has no place are not drawn. */
export function locate(drawing: Drawing, places: Map<string, Place>): Located {
  const together = new Map<string, { node: DrawnNode; place: Place }[]>();
  let missing = 0;
  for (const node of drawing.nodes) {
    const place = places.get(node.id);
    if (!place) {
      missing++;
      continue;
    }
    const spot = place.join(' ');
    together.set(spot, [...(together.get(spot) ?? []), { node, place }]);
  }
  const placed = new Map<string, Placed>();
  for (const list of together.values()) list.forEach(({ node, place }, index) => void placed.set(node.id, { node, place, ...ring(index, list.length) }));
  const links: Located['links'] = [];
  for (const link of drawing.links) {
    const [from, to] = [placed.get(link.source), placed.get(link.target)];
    if (from && to) links.push({ link, from, to });
  }
  return { nodes: [...placed.values()], links, missing };
}
