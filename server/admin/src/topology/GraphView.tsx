// The picture of a topology: what it looks like now, on a former day, and what changed since.
import { Button, IconButton, ToggleButton, ToggleButtonGroup, useTheme } from '@mui/material';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Expand, Minus, Plus, Route as RouteIcon } from 'lucide-react';
import { lazy, type ReactNode, Suspense, useEffect, useMemo, useRef, useState } from 'react';
import { useDataProvider } from 'react-admin';
import { Link, useSearchParams } from 'react-router-dom';
import { Failed, Loading } from '../design/states';
import { useText } from '../design/useText';
import { useChanges } from '../live/useLive';
import { Canvas, type Chosen, coloursOf } from './Canvas';
import { placesIn } from './geographic';
import type { TopologyProvider } from './operations';
import { type Drawing, drawDay, drawDifference, drawNow, findNodes } from './plot';
import type { Path, Plot } from './types';
import './topology.css';

// the map is large, and not everybody looks at it
const GeographicView = lazy(() => import('./GeographicView'));

const makeWorker = () => new Worker(new URL('./layout.worker.ts', import.meta.url), { type: 'module' });

interface PictureProps {
  drawing: Drawing;
  marked: Set<string> | undefined;
  label: string;
  chosen: Chosen | undefined;
  onChoose(chosen: Chosen | undefined): void;
  children?: ReactNode;
}

/** The picture alone, with what the pointer is at. */
function Picture({ drawing, marked, label, chosen, onChoose, children }: PictureProps) {
  const say = useText();
  const element = useRef<HTMLDivElement>(null);
  const canvas = useRef<Canvas>(null);
  const choose = useRef(onChoose);
  choose.current = onChoose;
  const [broken, setBroken] = useState(false);
  const [hovered, setHovered] = useState<Chosen>();
  const mode = useTheme().palette.mode;
  useEffect(() => {
    if (!element.current) return;
    try {
      canvas.current = new Canvas(element.current, coloursOf(element.current), makeWorker, { onChoose: (one) => choose.current(one), onHover: setHovered });
    } catch {
      setBroken(true);
    }
    return () => {
      canvas.current?.end();
      canvas.current = null;
    };
  }, []);
  useEffect(() => canvas.current?.draw(drawing), [drawing]);
  useEffect(() => canvas.current?.mark(marked), [marked]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the mode says when the colours are others
  useEffect(() => {
    // the variables of the theme are on the page a moment after the theme
    const frame = requestAnimationFrame(() => element.current && canvas.current?.paint(coloursOf(element.current)));
    return () => cancelAnimationFrame(frame);
  }, [mode]);
  useEffect(() => {
    if (chosen?.kind === 'node') canvas.current?.goTo(chosen.id);
  }, [chosen]);
  const at = hovered ?? chosen;
  const node = at?.kind === 'node' ? drawing.nodes.find(({ id }) => id === at.id) : undefined;
  const link = at?.kind === 'link' ? drawing.links.find(({ id }) => id === at.id) : undefined;
  const page = node?.page ?? link?.page;
  return (
    <div className="tp-picture">
      <div ref={element} className="tp-canvas" role="img" aria-label={label} />
      {broken && <p className="tp-broken">{say('This browser cannot draw the graph: it has no WebGL. The nodes and links are in their lists.')}</p>}
      <div className="tp-tools">
        <IconButton size="small" title={say('Closer')} aria-label={say('Closer')} onClick={() => canvas.current?.zoom(1.5)}>
          <Plus size={14} />
        </IconButton>
        <IconButton size="small" title={say('Farther')} aria-label={say('Farther')} onClick={() => canvas.current?.zoom(1 / 1.5)}>
          <Minus size={14} />
        </IconButton>
        <IconButton size="small" title={say('All of it')} aria-label={say('All of it')} onClick={() => canvas.current?.whole()}>
          <Expand size={14} />
        </IconButton>
      </div>
      <div className="tp-said" aria-live="polite">
        {node || link ? (
          <>
            <b className="w-clip">{node?.label ?? link?.title}</b>
            {page && at === chosen && <Link to={page}>{say('Open')}</Link>}
          </>
        ) : (
          children
        )}
      </div>
    </div>
  );
}

const pathOf = (path: Path | undefined): Set<string> | undefined => path && new Set([...path.nodes, ...path.links].map(({ id }) => id));

/** Finds the way between two nodes. */
function PathFinder({ plot, onPath }: { plot: Plot; onPath(path: Path | undefined): void }) {
  const say = useText();
  const provider = useDataProvider<TopologyProvider>();
  const [source, setSource] = useState('');
  const [target, setTarget] = useState('');
  const [said, setSaid] = useState('');
  const idOf = (text: string) => plot.nodes.find(({ label, key }) => label === text || key === text)?.id ?? text;
  const find = async () => {
    try {
      const path = await provider.path(plot.id, idOf(source), idOf(target));
      onPath(path);
      setSaid(say('%{number} %{value}, cost %{cost}', { number: path.links.length, value: path.links.length === 1 ? 'link' : 'links', cost: Number(path.cost.toFixed(3)) }));
    } catch (error) {
      onPath(undefined);
      setSaid(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <form
      className="tp-path"
      onSubmit={(event) => {
        event.preventDefault();
        event.stopPropagation();
        void find();
      }}
    >
      <datalist id="tp-nodes">
        {plot.nodes.slice(0, 2000).map(({ id, label }) => (
          <option key={id} value={label} />
        ))}
      </datalist>
      <label className="w-search">
        <input list="tp-nodes" aria-label={say('From')} placeholder={say('From')} value={source} onChange={(event) => setSource(event.target.value)} />
      </label>
      <label className="w-search">
        <input list="tp-nodes" aria-label={say('To')} placeholder={say('To')} value={target} onChange={(event) => setTarget(event.target.value)} />
      </label>
      <Button type="button" variant="outlined" startIcon={<RouteIcon size={14} />} disabled={!source.trim() || !target.trim()} onClick={() => void find()}>
        {say('Show the way')}
      </Button>
      {said && (
        <span className="w-small" role="status">
          {said}{' '}
          <button
            type="button"
            className="w-link"
            onClick={() => {
              setSaid('');
              onPath(undefined);
            }}
          >
            {say('Clear')}
          </button>
        </span>
      )}
    </form>
  );
}

function Legend({ difference, weak }: { difference: boolean; weak: boolean }) {
  const entries = difference
    ? [['added', 'new or up again'], ['down', 'went down'], ['changed', 'other cost or name'], ['removed', 'gone']]
    : [['up', 'up'], ['down', 'down'], ['device', 'a device'], ...(weak ? [['weak', 'its loss parts the network']] : [])];
  return (
    <ul className="tp-legend">
      {entries.map(([look, text]) => (
        <li key={look}>
          <i data-look={look} />
          {text}
        </li>
      ))}
    </ul>
  );
}

/** The picture with its tools. */
export function GraphView({ id }: { id: string }) {
  const say = useText();
  const provider = useDataProvider<TopologyProvider>();
  const [address, setAddress] = useSearchParams();
  const places = address.get('view') === 'map';
  const now = useQuery({ queryKey: ['topology', 'plot', id, places], queryFn: ({ signal }) => provider.plot(id, { places, signal }), refetchInterval: 60_000, placeholderData: keepPreviousData });
  useChanges('topology.topology', () => void now.refetch(), id);
  const days = useQuery({ queryKey: ['topology', 'days', id], queryFn: () => provider.days(id), staleTime: 300_000 });
  const [back, setBack] = useState(0);
  const [compare, setCompare] = useState(false);
  const [weak, setWeak] = useState(false);
  const [chosen, setChosen] = useState<Chosen>();
  const [path, setPath] = useState<Path>();
  const [text, setText] = useState('');
  const date = back > 0 ? days.data?.[days.data.length - back]?.date : undefined;
  const former = useQuery({ queryKey: ['topology', 'day', id, date], queryFn: () => provider.day(id, date ?? ''), enabled: date !== undefined && !compare, staleTime: 300_000 });
  const change = useQuery({ queryKey: ['topology', 'difference', id, date, now.data?.updated], queryFn: () => provider.difference(id, date ?? ''), enabled: date !== undefined && compare });
  const plot = now.data;
  const drawing = useMemo<Drawing>(() => {
    if (!plot) return { nodes: [], links: [] };
    if (date && compare) return change.data ? drawDifference(plot, change.data) : drawNow(plot, false);
    if (date) return former.data ? drawDay(former.data) : drawNow(plot, false);
    return drawNow(plot, weak);
  }, [plot, date, compare, change.data, former.data, weak]);
  const marked = useMemo(() => {
    if (path && !date) return pathOf(path);
    if (chosen?.kind !== 'node') return chosen && new Set([chosen.id]);
    const around = new Set([chosen.id]);
    for (const link of drawing.links) if (link.source === chosen.id || link.target === chosen.id) for (const one of [link.id, link.source, link.target]) around.add(one);
    return around;
  }, [path, date, chosen, drawing]);
  const where = useMemo(() => (plot ? placesIn(plot) : new Map()), [plot]);
  if (now.error && !plot) return <Failed reason={now.error.message} onRetry={() => void now.refetch()} />;
  if (!plot) return <Loading rows={8} />;
  const found = findNodes(drawing, text);
  const up = plot.links.filter(({ status }) => status === 'up').length;
  const known = days.data?.length ?? 0;
  const problem = (former.error ?? change.error)?.message;
  const shown = {
    drawing,
    marked,
    chosen,
    onChoose: setChosen,
    label: say('Graph of %{label}: %{number} nodes, %{up} links up, %{number2} down. The lists of nodes and links have the same as text.', { label: plot.label, number: plot.nodes.length, up, number2: plot.links.length - up }),
    children: <Legend difference={date !== undefined && compare} weak={weak} />,
  };
  const view = (wanted: 'graph' | 'map' | null) => {
    if (!wanted) return;
    const next = new URLSearchParams(address);
    if (wanted === 'map') next.set('view', wanted);
    else next.delete('view');
    setAddress(next, { replace: true });
  };
  return (
    <div className="tp-graph">
      <div className="tp-bar">
        <div className="tp-find">
          <label className="w-search">
            <input aria-label={say('Find a node')} placeholder={say('Find a node')} value={text} onChange={(event) => setText(event.target.value)} />
          </label>
          {text.trim() && (
            <ul>
              {found.map((node) => (
                <li key={node.id}>
                  <button
                    type="button"
                    onClick={() => {
                      setChosen({ kind: 'node', id: node.id });
                      setText('');
                    }}
                  >
                    {node.label}
                  </button>
                </li>
              ))}
              {found.length === 0 && <li className="w-muted">{say('No node is called so.')}</li>}
            </ul>
          )}
        </div>
        {!date && <PathFinder plot={plot} onPath={setPath} />}
        <span className="w-grow" />
        <ToggleButtonGroup size="small" exclusive aria-label={say('View')} value={places ? 'map' : 'graph'} onChange={(_, wanted: 'graph' | 'map' | null) => view(wanted)}>
          <ToggleButton value="graph">{say('Logical')}</ToggleButton>
          <ToggleButton value="map">{say('Geographic')}</ToggleButton>
        </ToggleButtonGroup>
        {!date && (
          <label className="tp-check">
            <input type="checkbox" checked={weak} onChange={(event) => setWeak(event.target.checked)} />
            {say('Weak points')}
          </label>
        )}
      </div>
      {places ? (
        <Suspense fallback={<Loading rows={8} />}>
          <GeographicView {...shown} places={where} />
        </Suspense>
      ) : (
        <Picture {...shown} />
      )}
      <div className="tp-bar">
        <span className="w-small w-numbers">
          {say('%{number} nodes, %{number2} links up, %{number3} down', { number: drawing.nodes.length.toLocaleString(), number2: drawing.links.filter(({ look }) => look !== 'down' && look !== 'removed').length.toLocaleString(), number3: drawing.links.filter(({ look }) => look === 'down').length.toLocaleString() })}
          {weak && !date && say('; %{number} nodes and %{number2} links whose loss parts the network, %{parts} %{value}, %{alone} nodes alone', { number: plot.weak.nodes.length, number2: plot.weak.links.length, parts: plot.weak.parts, value: plot.weak.parts === 1 ? 'part' : 'parts', alone: plot.weak.alone })}
        </span>
        <span className="w-grow" />
        {known > 0 && (
          <label className="tp-slider">
            <span className="w-small">{date ?? say('Now')}</span>
            <input type="range" min={0} max={known} value={known - back} aria-label={say('Day')} aria-valuetext={date ?? 'now'} onChange={(event) => { setChosen(undefined); setBack(known - Number(event.target.value)); }} />
          </label>
        )}
        {date && (
          <label className="tp-check">
            <input type="checkbox" checked={compare} onChange={(event) => { setChosen(undefined); setCompare(event.target.checked); }} />
            {say('What changed since')}
          </label>
        )}
      </div>
      {problem && <p className="w-field-problem" role="alert">{problem}</p>}
    </div>
  );
}
