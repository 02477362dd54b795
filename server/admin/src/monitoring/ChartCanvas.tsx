// A chart, drawn by ECharts: dragging over it zooms, the values are under the pointer, and a table for those who cannot see it.
import { useTheme } from '@mui/material/styles';
import { BarChart, LineChart } from 'echarts/charts';
import { BrushComponent, GridComponent, ToolboxComponent, TooltipComponent } from 'echarts/components';
import { type EChartsType, init, use } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import { useEffect, useRef } from 'react';
import type { Chart } from './types';
import { colorOf, scaled, tracesOf, withUnit } from './values';

use([BarChart, LineChart, GridComponent, TooltipComponent, BrushComponent, ToolboxComponent, CanvasRenderer]);

interface Props {
  chart: Chart;
  x: string[];
  /** The same chart a week before. */
  before?: Chart;
  /** Called with the labels between which somebody dragged. */
  onZoom?(start: string, end: string): void;
}

// the names of the total trace's kind and of stacked ones are the API's
function kindOf(chart: Chart, trace: string): 'line' | 'bar' {
  const type = chart.trace_type?.[trace] ?? chart.type;
  return type.includes('bar') && !(type === 'lines') ? 'bar' : 'line';
}

// within two days the hour says enough, beyond that the day
function shortLabel(label: string, x: string[]): string {
  const days = (Date.parse((x.at(-1) ?? '').replace(' ', 'T')) - Date.parse((x[0] ?? '').replace(' ', 'T'))) / 86_400_000;
  return days > 2 ? label.slice(5, 10) : label.slice(11);
}

function optionOf({ chart, x, before }: Props, colors: { text: string; line: string; surface: string }) {
  const stacked = chart.type.startsWith('stackedbar');
  const fixed = chart.colorscale?.fixed_value ?? undefined;
  const series = tracesOf(chart).map(([name, values], i) => ({
    name: name.replaceAll('_', ' '),
    type: kindOf(chart, name),
    stack: stacked && name !== 'total' ? 'all' : undefined,
    symbol: 'none',
    connectNulls: chart.connect_points,
    itemStyle: { color: colorOf(chart, i) },
    lineStyle: { width: 1.5 },
    areaStyle: chart.type === 'scatter' && chart.traces.length === 1 ? { opacity: 0.12 } : undefined,
    data: fixed ? values.map((value) => (value === null ? null : { value: fixed, real: value, itemStyle: { color: scaled(chart, value) } })) : values,
  }));
  const earlier = before
    ? tracesOf(before)
        .filter(([name], i) => (chart.calculate_total ? name === 'total' : i === 0))
        .map(([name, values]) => ({
          name: `${name.replaceAll('_', ' ')} a week before`,
          type: 'line' as const,
          symbol: 'none',
          itemStyle: { color: colors.text },
          lineStyle: { width: 1, type: 'dashed' as const },
          data: values,
        }))
    : [];
  return {
    animation: false,
    grid: { left: 64, right: 12, top: 12, bottom: 28 },
    tooltip: {
      trigger: 'axis' as const,
      confine: true,
      backgroundColor: colors.surface,
      borderColor: colors.line,
      textStyle: { color: colors.text, fontSize: 12 },
      valueFormatter: undefined,
      formatter: (items: unknown) => {
        const list = items as { axisValue: string; seriesName: string; marker: string; data: number | null | { real: number } }[];
        const lines = list.map(({ seriesName, marker, data }) => `${marker}${seriesName}: ${withUnit(typeof data === 'object' && data !== null ? data.real : data, chart.unit)}`);
        return [list[0]?.axisValue ?? '', ...lines].join('<br>');
      },
    },
    xAxis: { type: 'category' as const, data: x, axisLine: { lineStyle: { color: colors.line } }, axisLabel: { color: colors.text, fontSize: 11, hideOverlap: true, formatter: (label: string) => shortLabel(label, x) }, axisTick: { show: false } },
    yAxis: {
      type: 'value' as const,
      show: !fixed,
      scale: chart.unit === ' dBm' || chart.unit === ' dB',
      axisLabel: { color: colors.text, fontSize: 11, formatter: (value: number) => withUnit(value, chart.unit) },
      splitLine: { lineStyle: { color: colors.line, opacity: 0.6 } },
    },
    brush: { xAxisIndex: 'all' as const, brushMode: 'single' as const, throttleType: 'debounce' as const, toolbox: [] as never[] },
    toolbox: { show: false },
    series: [...series, ...earlier],
  };
}

/** The chart. */
export function ChartCanvas({ chart, x, before, onZoom }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const drawn = useRef<EChartsType>(undefined);
  const zoom = useRef(onZoom);
  zoom.current = onZoom;
  const labels = useRef(x);
  labels.current = x;
  const { palette } = useTheme();
  useEffect(() => {
    if (!place.current) return undefined;
    const made = init(place.current, undefined, { renderer: 'canvas' });
    drawn.current = made;
    const resized = new ResizeObserver(() => made.resize());
    resized.observe(place.current);
    made.on('brushEnd', (event) => {
      const range = (event as { areas?: { coordRange?: number[] }[] }).areas?.[0]?.coordRange;
      made.dispatchAction({ type: 'brush', areas: [] });
      if (!range || !zoom.current) return;
      const [from = 0, to = 0] = range.map((i) => Math.max(0, Math.min(labels.current.length - 1, Math.round(i))));
      const start = labels.current[from];
      const end = labels.current[to];
      if (start && end && to > from) zoom.current(start, end);
    });
    return () => {
      resized.disconnect();
      made.dispose();
      drawn.current = undefined;
    };
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another theme has other colours, which are read from the page
  useEffect(() => {
    const style = place.current ? getComputedStyle(place.current) : undefined;
    const color = (name: string, otherwise: string) => style?.getPropertyValue(name).trim() || otherwise;
    drawn.current?.setOption(optionOf({ chart, x, before }, { text: color('--w-textMuted', '#667'), line: color('--w-border', '#ccc'), surface: color('--w-surface', '#fff') }), true);
    drawn.current?.dispatchAction({ type: 'takeGlobalCursor', key: 'brush', brushOption: { brushType: onZoom ? 'lineX' : false, brushMode: 'single' } });
  }, [chart, x, before, onZoom, palette.mode]);
  return <div ref={place} className="w-chart" role="img" aria-label={`${chart.title}: ${chart.description}`} />;
}
