// A small chart of lines over time, drawn at its real width; steps where values hold until they change.
import { useLayoutEffect, useRef, useState } from 'react';
import { useText } from '../design/useText';

interface Line {
  name: string;
  colour: string;
  points: [number, number][];
  step?: boolean;
}

const height = 120;
const edge = { left: 44, right: 8, top: 8, bottom: 20 };

/** The chart. */
export function Chart({ lines, label, from, to }: { lines: Line[]; label: string; from?: number; to?: number }) {
  const say = useText();
  const element = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    if (!element.current) return;
    const watch = new ResizeObserver(([entry]) => setWidth(entry.contentRect.width));
    watch.observe(element.current);
    return () => watch.disconnect();
  }, []);
  const times = lines.flatMap(({ points }) => points.map(([at]) => at));
  const values = lines.flatMap(({ points }) => points.map(([, value]) => value));
  const first = from ?? Math.min(...times);
  const last = Math.max(to ?? Math.max(...times), first + 1);
  const low = Math.min(0, ...values);
  const high = Math.max(...values, low + 1);
  const x = (at: number) => edge.left + ((at - first) / (last - first)) * Math.max(0, width - edge.left - edge.right);
  const y = (value: number) => edge.top + (1 - (value - low) / (high - low)) * (height - edge.top - edge.bottom);
  const path = ({ points, step }: Line) =>
    points.map(([at, value], index) => (index === 0 ? `M${x(at)},${y(value)}` : step ? `H${x(at)}V${y(value)}` : `L${x(at)},${y(value)}`)).join('') + (step && points.length > 0 ? `H${x(last)}` : '');
  const day = (at: number) => new Date(at).toLocaleDateString();
  return (
    <div ref={element}>
      {width > 0 && values.length > 0 && (
        <svg className="tp-chart" width={width} height={height} role="img" aria-label={say('%{label}, from %{first} to %{last}, highest %{high}', { label, first: day(first), last: day(last), high })}>
          {[low, (low + high) / 2, high].map((value) => (
            <g key={value}>
              <line className="grid" x1={edge.left} x2={width - edge.right} y1={y(value)} y2={y(value)} />
              <text x={edge.left - 6} y={y(value) + 4} textAnchor="end">
                {Number(value.toPrecision(3)).toLocaleString()}
              </text>
            </g>
          ))}
          <text x={edge.left} y={height - 4}>
            {day(first)}
          </text>
          <text x={width - edge.right} y={height - 4} textAnchor="end">
            {day(last)}
          </text>
          {lines.map((line) => (
            <path key={line.name} className="line" d={path(line)} style={{ stroke: line.colour }} />
          ))}
        </svg>
      )}
      <ul className="tp-legend w-small">
        {lines.map(({ name, colour }) => (
          <li key={name}>
            <i style={{ background: colour }} />
            {name}
          </li>
        ))}
      </ul>
    </div>
  );
}
