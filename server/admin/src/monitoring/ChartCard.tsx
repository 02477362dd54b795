// A chart with its title, its explanation and its summaries.
import { Card } from '../design/Card';
import { useText } from '../design/useText';
import { lazy, Suspense } from 'react';
import type { Chart } from './types';
import { summariesOf } from './values';

// what draws is four times as large as a page: it comes once there is something to draw
const ChartCanvas = lazy(async () => ({ default: (await import('./ChartCanvas')).ChartCanvas }));

interface Props {
  chart: Chart;
  x: string[];
  before?: Chart;
  onZoom?(start: string, end: string): void;
}

/** The card. */
export function ChartCard({ chart, x, before, onZoom }: Props) {
  const say = useText();
  return (
    <Card title={<span title={chart.description}>{chart.title}</span>}>
      <Suspense fallback={<div className="w-chart w-loading" role="status" aria-label={say('Loading the chart')} />}>
        <ChartCanvas chart={chart} x={x} before={before} onZoom={onZoom} />
      </Suspense>
      <dl className="w-chart-sums">
        {summariesOf(chart).map(({ label, value, color }) => (
          <div key={label}>
            <dt>
              <i aria-hidden="true" style={{ background: color }} />
              {label}
            </dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}
