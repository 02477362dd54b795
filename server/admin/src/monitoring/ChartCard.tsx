// A chart with its title, its explanation and its summaries.
import { Card } from '../design/Card';
import { ChartCanvas } from './ChartCanvas';
import type { Chart } from './types';
import { summariesOf } from './values';

interface Props {
  chart: Chart;
  x: string[];
  before?: Chart;
  onZoom?(start: string, end: string): void;
}

/** The card. */
export function ChartCard({ chart, x, before, onZoom }: Props) {
  return (
    <Card title={<span title={chart.description}>{chart.title}</span>}>
      <ChartCanvas chart={chart} x={x} before={before} onZoom={onZoom} />
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
