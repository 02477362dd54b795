// The charts of the overview: each a bar whose parts lead into their lists. They follow what happens.
import { Button } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { SlidersHorizontal } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useDataProvider } from 'react-admin';
import { Link } from 'react-router-dom';
import { useFrame } from '../app/ConcernsContext';
import { Card } from '../design/Card';
import { Failed, Loading } from '../design/states';
import { StatusShape } from '../design/Status';
import { useText } from '../design/useText';
import { useChanges, usePace } from '../live/useLive';
import { Arrange } from './Arrange';
import { listOf, share, undrawn, within } from './arrange';
import type { DashboardProvider } from './operations';
import type { Chart, Slice } from './types';
import './dashboard.css';

/** How long the charts rest after they were read, in milliseconds: each counts a whole fleet. */
const rest = 5_000;

function Part({ chart, slice }: { chart: Chart; slice: Slice }) {
  const { concerns } = useFrame();
  const to = listOf(concerns, chart, slice);
  const text = (
    <>
      {slice.status ? <StatusShape status={slice.status} /> : <i className="w-chart-key" style={{ background: slice.color }} aria-hidden="true" />}
      <span className="w-clip" title={slice.label}>
        {slice.label}
      </span>
      <b>
        {slice.value.toLocaleString()}
        {chart.unit && ` ${chart.unit}`}
      </b>
      <span className="w-chart-share">{share(slice.value, chart.total)}</span>
    </>
  );
  return <li>{to ? <Link to={to}>{text}</Link> : <span>{text}</span>}</li>;
}

function ChartCard({ chart }: { chart: Chart }) {
  const say = useText();
  const link = chart.quick_link;
  const here = link && within(link.url);
  return (
    <Card title={chart.label} note={!chart.failed && chart.slices.length > 0 && `${chart.total.toLocaleString()}${chart.unit && ` ${chart.unit}`}`} more={link && (here ? <Link to={here}>{link.label}</Link> : <a href={link.url}>{link.label}</a>)}>
      {chart.failed ? (
        <p className="w-secondary w-chart-none">{say('The numbers cannot be read at the moment.')}</p>
      ) : chart.slices.length === 0 ? (
        <>
          <div className="w-fleet">
            <i className="w-fleet-none" />
          </div>
          <p className="w-secondary w-chart-none">{say('Not enough data')}</p>
        </>
      ) : (
        <>
          <div className="w-fleet" aria-hidden="true">
            {chart.slices.map((slice) => (
              <i key={slice.label} className={slice.status ? `w-fleet-${slice.status}` : undefined} style={{ flexGrow: slice.value / chart.total, ...(slice.status ? {} : { background: slice.color }) }} title={`${slice.value.toLocaleString()} ${slice.label}`} />
            ))}
          </div>
          <ul className="w-chart-parts">
            {chart.slices.map((slice) => (
              <Part key={slice.label} chart={chart} slice={slice} />
            ))}
          </ul>
        </>
      )}
    </Card>
  );
}

/** Tells of changes of a kind; one for each kind, as hooks want it. */
function Follow({ kind, onChange }: { kind: string; onChange(): void }) {
  useChanges(kind, onChange);
  return null;
}

/** Calls at once, then no sooner than after the rest. */
function useRested(fn: () => void) {
  const state = useRef<{ last: number; timer?: ReturnType<typeof setTimeout> }>({ last: 0 });
  const latest = useRef(fn);
  latest.current = fn;
  useEffect(() => () => clearTimeout(state.current.timer), []);
  return () => {
    const s = state.current;
    if (s.timer !== undefined) return;
    s.timer = setTimeout(
      () => {
        s.timer = undefined;
        s.last = Date.now();
        latest.current();
      },
      Math.max(0, s.last + rest - Date.now()),
    );
  };
}

/** The charts. */
export default function Charts() {
  const say = useText();
  const provider = useDataProvider<DashboardProvider>();
  const { concerns } = useFrame();
  const pace = usePace('config.device', { untold: 30_000 });
  const { data: all, error, refetch } = useQuery({ queryKey: ['dashboard', 'charts'], queryFn: () => provider.charts(), refetchInterval: pace });
  const follow = useRested(() => void refetch());
  const [arranging, setArranging] = useState(false);
  if (error && !all) return <Failed reason={error.message} onRetry={() => void refetch()} />;
  if (!all) return <Loading rows={4} />;
  const data = undrawn(all, concerns);
  if (data.length === 0) return null;
  const shown = data.filter(({ hidden }) => !hidden);
  const kinds = [...new Set(shown.flatMap(({ watch }) => watch))].sort();
  return (
    <section aria-labelledby="charts">
      {kinds.map((kind) => (
        <Follow key={kind} kind={kind} onChange={follow} />
      ))}
      <div className="w-charts-head">
        <h2 id="charts">{say('Charts')}</h2>
        <Button size="small" variant="text" startIcon={<SlidersHorizontal size={16} />} onClick={() => setArranging(true)}>
          {say('Arrange charts…')}
        </Button>
      </div>
      {shown.length === 0 ? (
        <p className="w-secondary">{say('You hid all %{number} charts.', { number: data.length })}</p>
      ) : (
        <div className="w-charts">
          {shown.map((chart) => (
            <ChartCard key={chart.name} chart={chart} />
          ))}
        </div>
      )}
      {arranging && (
        <Arrange
          charts={data}
          onClose={() => setArranging(false)}
          onSaved={() => {
            setArranging(false);
            void refetch();
          }}
        />
      )}
    </section>
  );
}
