// How values are written, and what a chart is made of: pure, so that it can be tried.
import type { Chart, Period, Point } from './types';

/** The ranges one can choose. */
export const ranges = [
  { time: '1d', label: '1 day' },
  { time: '3d', label: '3 days' },
  { time: '7d', label: '7 days' },
  { time: '30d', label: '30 days' },
  { time: '365d', label: '1 year' },
];

/** A value with its unit; those with an adaptive prefix come in giga. */
export function withUnit(value: Point | undefined, unit: string): string {
  if (value === null || value === undefined) return '–';
  if (!unit.startsWith('adaptive_prefix+')) return `${rounded(value)}${unit}`;
  const base = unit.slice('adaptive_prefix+'.length);
  const size = Math.abs(value);
  if (size === 0) return `0 ${base}`;
  if (size < 0.001) return `${rounded(value * 1e6)} K${base}`;
  if (size < 1) return `${rounded(value * 1e3)} M${base}`;
  if (size < 1000) return `${rounded(value)} G${base}`;
  return `${rounded(value / 1000)} T${base}`;
}

function rounded(value: number): string {
  return String(Number(value.toFixed(2)));
}

/** The traces of a chart in the order in which they are drawn, with their total where the chart has one. */
export function tracesOf(chart: Chart): [string, Point[]][] {
  const traces = [...chart.traces];
  if (chart.calculate_total && traces[0]) {
    traces.push(['total', traces[0][1].map((_, i) => traces.reduce<Point>((sum, [, values]) => (values[i] == null ? sum : (sum ?? 0) + (values[i] ?? 0)), null))]);
  }
  const order = chart.trace_order ?? [];
  const place = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
  return traces.sort(([a], [b]) => place(a) - place(b));
}

/** What stands below a chart: the summaries with their labels. */
export function summariesOf(chart: Chart): { label: string; value: string; color?: string }[] {
  const summary = { ...chart.summary };
  if (chart.calculate_total) summary.total = Object.values(summary).reduce<number>((sum, value) => sum + (value ?? 0), 0);
  return tracesOf(chart).map(([name], i) => {
    const value = summary[name];
    const mapped = chart.colorscale?.map?.find(([least]) => least !== null && value !== null && value !== undefined && value >= least);
    const step = chart.type === 'bar' && chart.title.startsWith('Access Technology') ? mapped?.[2] : undefined;
    return { label: chart.summary_labels?.[i] ?? name.replaceAll('_', ' '), value: step ?? withUnit(value, chart.unit), color: colorOf(chart, i) };
  });
}

/** The colour of a trace. */
export function colorOf(chart: Chart, i: number): string | undefined {
  return chart.colors?.[i];
}

/** The colour of a bar by its value. */
export function scaled(chart: Chart, value: Point): string | undefined {
  if (value === null) return undefined;
  return chart.colorscale?.map?.find(([least]) => least === null || value >= least)?.[1];
}

/** A moment as the API takes it, in local time. */
export function local(at: Date): string {
  const two = (n: number) => String(n).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** The same range a week before, for ranges that are shorter than one. */
export function weekBefore(period: Period, now: Date): Period | undefined {
  const back = (at: Date) => local(new Date(at.getFullYear(), at.getMonth(), at.getDate() - 7, at.getHours(), at.getMinutes(), at.getSeconds()));
  if (period.start && period.end) return { start: back(new Date(period.start.replace(' ', 'T'))), end: back(new Date(period.end.replace(' ', 'T'))) };
  const days = Number.parseInt(period.time ?? '', 10);
  if (!(days > 0 && days <= 7)) return undefined;
  const start = days === 7 ? new Date(now.getFullYear(), now.getMonth(), now.getDate() - 6) : new Date(now.getTime() - days * 86_400_000);
  return { start: back(start), end: back(now) };
}

/** Bytes for people. */
export function bytes(n: number | undefined): string {
  if (n === undefined) return '–';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let i = 0;
  let value = n;
  for (; value >= 1024 && i < units.length - 1; i += 1) value /= 1024;
  return `${value >= 100 || i === 0 ? Math.round(value) : value.toFixed(1)} ${units[i]}`;
}

/** Seconds as days, hours and minutes. */
export function duration(seconds: number | undefined): string {
  if (seconds === undefined) return '–';
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor((seconds % 86_400) / 3_600);
  const minutes = Math.floor((seconds % 3_600) / 60);
  return days > 0 ? `${days} d ${hours} h` : hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min`;
}

/** The generation of WiFi of a radio, by its mode. */
export function generation(htmode: string | undefined): string {
  if (!htmode) return '';
  if (htmode.includes('NOHT')) return 'legacy';
  if (htmode.startsWith('EHT')) return 'WiFi 7';
  if (htmode.startsWith('HE')) return 'WiFi 6';
  if (htmode.startsWith('VHT')) return 'WiFi 5';
  return htmode.startsWith('HT') ? 'WiFi 4' : htmode;
}

/** When a device is not well by a metric, in words. */
export function ruleOf({ operator, threshold, tolerance, unit }: { operator: string; threshold: number | null; tolerance: number; unit: string }): string {
  if (!operator || threshold === null) return '–';
  const rule = `${operator === '>' ? 'above' : 'below'} ${threshold}${unit ? ` ${unit}` : ''}`;
  return tolerance > 0 ? `${rule} for ${tolerance} min` : rule;
}

/** A key made of a name. */
export function keyOf(name: string): string {
  return name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[^a-z]+|_+$/g, '')
    .slice(0, 32);
}
