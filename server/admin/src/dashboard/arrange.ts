// What a person does with the charts, and where their parts lead.
import type { Concern } from '../app/concern';
import type { Chart, Layout, Slice } from './types';

/** Where a part leads: the list of what it counts; undefined where there is none. */
export function listOf(concerns: Concern[], chart: Chart, slice: Slice): string | undefined {
  if (!slice.filters) return undefined;
  const resource = concerns.flatMap(({ resources }) => resources).find(({ list, model }) => list && model && `${model.app}.${model.model}` === chart.model);
  if (!resource) return undefined;
  const filter = Object.fromEntries(Object.entries(slice.filters).map(([name, value]) => [name, value === 'true' ? true : value === 'false' ? false : value]));
  return `/${resource.name}?filter=${encodeURIComponent(JSON.stringify(filter))}`;
}

/** The charts that no other card of the overview draws already. */
export function undrawn(charts: Chart[], concerns: Concern[]): Chart[] {
  const drawn = concerns.flatMap(({ overview = [] }) => overview.map(({ chart }) => chart));
  return charts.filter(({ name }) => !drawn.includes(name));
}

/** The address of a link within the admin, or undefined for one that leaves it. */
export function within(url: string): string | undefined {
  return url.startsWith('/admin/') ? url.slice('/admin'.length) : undefined;
}

/** The layout that the charts stand in now. */
export function layoutOf(charts: Chart[]): Layout {
  return { order: charts.map(({ name }) => name), hidden: charts.filter(({ hidden }) => hidden).map(({ name }) => name) };
}

/** The charts with one shown or hidden. */
export function toggled(charts: Chart[], name: string): Chart[] {
  return charts.map((chart) => (chart.name === name ? { ...chart, hidden: !chart.hidden } : chart));
}

/** The charts with one a place up (-1) or down (1); at the end it stays. */
export function moved(charts: Chart[], name: string, by: -1 | 1): Chart[] {
  const at = charts.findIndex((chart) => chart.name === name);
  const to = at + by;
  const [one, other] = [charts[at], charts[to]];
  if (!one || !other) return charts;
  return charts.map((chart, index) => (index === at ? other : index === to ? one : chart));
}

/** The share of a part, as a text: less than one percent is said, not rounded away. */
export function share(value: number, total: number): string {
  const percent = (100 * value) / total;
  if (percent > 0 && percent < 1) return '<1 %';
  if (percent < 100 && percent > 99) return '>99 %';
  return `${Math.round(percent)} %`;
}
