// A picture of a subnet: a cell for each address, a piece of up to 4096 at a time, drawn on a canvas, so that it
// costs the same for a /24 and for a piece of a /64.
import { Button, IconButton } from '@mui/material';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { ChevronLeft, ChevronRight } from 'lucide-react';
import { type KeyboardEvent, type PointerEvent, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { useDataProvider } from 'react-admin';
import { Link, useNavigate } from 'react-router-dom';
import { Failed, Loading } from '../design/states';
import { useText } from '../design/useText';
import { contains, parseAddress, stepAddress } from './addresses';
import type { IPAMProvider } from './operations';
import type { Piece, Usage } from './types';
import './ipam.css';

const gap = 2;

/** The widest a cell and its gap are, and the narrowest: where there are many of them they are smaller. */
const widest = 24;
const narrowest = (count: number) => (count > 1024 ? 9 : 14);

/** As many columns as fit, a power of two, so that rows begin at round addresses; cells fill the width. */
export function gridOf(count: number, width: number): { columns: number; cell: number } {
  const columns = Math.min(count, 2 ** Math.max(2, Math.floor(Math.log2(Math.max(1, width / narrowest(count))))));
  return { columns, cell: Math.max(1, Math.min(widest, Math.floor(width / columns)) - gap) };
}

/** What a cell is. */
type State = 'free' | 'used' | 'nested' | 'reserved';

/** The states of a piece's cells: nested networks first, then what is recorded. */
function statesOf(piece: Piece): State[] {
  const states: State[] = Array.from({ length: piece.count }, () => 'free');
  const start = parseAddress(piece.start)?.value ?? 0n;
  const first = (parseAddress(piece.first)?.value ?? 0n) - start;
  const last = (parseAddress(piece.last)?.value ?? 0n) - start;
  for (let at = 0; at < piece.count; at++) if (BigInt(at) < first || BigInt(at) > last) states[at] = 'reserved';
  for (const { at, count } of piece.nested) states.fill('nested', at, at + count);
  for (const { at } of piece.taken) states[at] = 'used';
  return states;
}

/** The colours of the theme as the canvas wants them. */
function coloursOf(element: HTMLElement): Record<State | 'border' | 'cursor', string> {
  const style = getComputedStyle(element);
  const of = (name: string) => style.getPropertyValue(`--w-${name}`).trim();
  return { free: of('sunken'), used: of('accent'), nested: of('layer-group'), reserved: of('border'), border: of('border'), cursor: of('text') };
}

interface CanvasProps {
  piece: Piece;
  cursor: number | undefined;
  onCursor(at: number | undefined): void;
  onChoose(at: number): void;
}

function Canvas({ piece, cursor, onCursor, onChoose }: CanvasProps) {
  const say = useText();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const [scheme, setScheme] = useState('');
  const states = useMemo(() => statesOf(piece), [piece]);
  const { columns, cell } = gridOf(piece.count, width);
  const rows = Math.ceil(piece.count / columns);
  useLayoutEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const watch = new ResizeObserver(() => setWidth(element.clientWidth));
    watch.observe(element);
    const theme = new MutationObserver(() => setScheme(getComputedStyle(document.documentElement).colorScheme));
    theme.observe(document.head, { childList: true, subtree: true });
    return () => {
      watch.disconnect();
      theme.disconnect();
    };
  }, []);
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (!element || !context || width === 0) return;
    element.dataset.scheme = scheme; // what it is drawn for
    const scale = window.devicePixelRatio || 1;
    element.width = Math.round(width * scale);
    element.height = Math.round(rows * (cell + gap) * scale);
    const frame = requestAnimationFrame(() => {
      context.setTransform(scale, 0, 0, scale, 0, 0);
      context.clearRect(0, 0, width, rows * (cell + gap));
      const colours = coloursOf(element);
      // all cells of a colour with one fill
      for (const state of ['free', 'reserved', 'nested', 'used'] as const) {
        context.fillStyle = colours[state];
        context.beginPath();
        states.forEach((of, at) => {
          if (of === state) context.rect((at % columns) * (cell + gap), Math.floor(at / columns) * (cell + gap), cell, cell);
        });
        context.fill();
      }
      // in the dark theme a free cell hardly differs from the card: its edge tells
      context.strokeStyle = colours.border;
      context.lineWidth = 1;
      context.beginPath();
      states.forEach((of, at) => {
        if (of === 'free') context.rect((at % columns) * (cell + gap) + 0.5, Math.floor(at / columns) * (cell + gap) + 0.5, cell - 1, cell - 1);
      });
      context.stroke();
      if (cursor !== undefined) {
        context.strokeStyle = colours.cursor;
        context.lineWidth = 2;
        context.strokeRect((cursor % columns) * (cell + gap) + 1, Math.floor(cursor / columns) * (cell + gap) + 1, cell - 2, cell - 2);
      }
    });
    return () => cancelAnimationFrame(frame);
  }, [states, columns, cell, rows, width, cursor, scheme]);
  const under = (event: PointerEvent<HTMLCanvasElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left) / (cell + gap));
    const at = Math.floor((event.clientY - box.top) / (cell + gap)) * columns + column;
    return column >= 0 && column < columns && at >= 0 && at < piece.count ? at : undefined;
  };
  const keys = (event: KeyboardEvent) => {
    const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
    if (event.key in steps) {
      event.preventDefault();
      onCursor(Math.min(piece.count - 1, Math.max(0, (cursor ?? -steps[event.key]) + steps[event.key])));
    } else if ((event.key === 'Enter' || event.key === ' ') && cursor !== undefined) {
      event.preventDefault();
      onChoose(cursor);
    }
  };
  return (
    <canvas
      ref={canvas}
      className="ip-map"
      style={{ height: rows * (cell + gap) }}
      tabIndex={0}
      role="img"
      aria-label={say('Addresses from %{start} on: %{number} of %{count} recorded. Arrow keys move, Enter chooses.', { start: piece.start, number: piece.taken.length, count: piece.count })}
      onPointerMove={(event) => onCursor(under(event))}
      onPointerLeave={() => onCursor(undefined)}
      onClick={(event) => {
        const at = under(event as unknown as PointerEvent<HTMLCanvasElement>);
        if (at !== undefined) {
          onCursor(at);
          onChoose(at);
        }
      }}
      onKeyDown={keys}
    />
  );
}

/** The picture; a free address can be chosen to be recorded. */
export function SubnetMap({ usage, onFree }: { usage: Usage; onFree?(address: string): void }) {
  const say = useText();
  const provider = useDataProvider<IPAMProvider>();
  const navigate = useNavigate();
  const [start, setStart] = useState<string>();
  const [wanted, setWanted] = useState('');
  const [problem, setProblem] = useState(false);
  const [cursor, setCursor] = useState<number>();
  const { data: piece, error, refetch } = useQuery({ queryKey: ['ipam', 'map', usage.id, start], queryFn: () => provider.piece(usage.id, start), placeholderData: keepPreviousData, refetchInterval: 30_000 });
  if (error && !piece) return <Failed reason={error.message} onRetry={() => void refetch()} />;
  if (!piece) return <Loading rows={4} />;
  const step = (by: number) => {
    const next = stepAddress(piece.start, by);
    return next && contains(usage.subnet, next) ? next : undefined;
  };
  const before = step(-1);
  const after = step(piece.count);
  const go = (address: string) => {
    setProblem(!contains(usage.subnet, address));
    if (!contains(usage.subnet, address)) return;
    setStart(address.trim());
    setCursor(undefined);
  };
  const address = cursor === undefined ? undefined : stepAddress(piece.start, cursor);
  const taken = cursor === undefined ? undefined : piece.taken.find(({ at }) => at === cursor);
  const nested = cursor === undefined ? undefined : piece.nested.find(({ at, count }) => at <= cursor && cursor < at + count);
  return (
    <>
      <div className="ip-map-bar">
        <IconButton type="button" aria-label={say('Addresses before')} disabled={!before} onClick={() => before && go(before)}>
          <ChevronLeft size={16} />
        </IconButton>
        <span className="w-mono">
          {piece.start} – {stepAddress(piece.start, piece.count - 1)}
        </span>
        <IconButton type="button" aria-label={say('Addresses after')} disabled={!after} onClick={() => after && go(after)}>
          <ChevronRight size={16} />
        </IconButton>
        <span className="w-grow" />
        {(before || after) && (
          <>
            <label className="w-search" style={{ width: 220 }}>
              <input
                aria-label={say('Jump to an address')}
                placeholder={say('Jump to an address')}
                aria-invalid={problem || undefined}
                value={wanted}
                onChange={(event) => setWanted(event.target.value)}
                onKeyDown={(event) => {
                  if (event.key !== 'Enter') return;
                  event.preventDefault();
                  go(wanted);
                }}
              />
            </label>
            <Button type="button" variant="outlined" onClick={() => go(wanted)}>
              {say('Jump')}
            </Button>
          </>
        )}
      </div>
      {problem && (
        <p className="w-field-problem" role="alert">
          {say('Address not valid for subnet')}
        </p>
      )}
      <Canvas piece={piece} cursor={cursor} onCursor={setCursor} onChoose={(at) => {
        const chosen = stepAddress(piece.start, at);
        const recorded = piece.taken.find((one) => one.at === at);
        if (recorded) navigate(`/addresses/${recorded.id}`);
        else if (chosen) onFree?.(chosen);
      }} />
      <div className="ip-map-said" aria-live="polite">
        {address ? (
          <>
            <b className="w-mono">{address}</b>
            {taken ? <Link to={`/addresses/${taken.id}`}>{taken.description || say('recorded')}</Link> : nested ? <Link to={`/subnets/${nested.id}`}>{say('in %{name} %{subnet}', { name: nested.name, subnet: nested.subnet })}</Link> : <span className="w-muted">{say('free')}</span>}
          </>
        ) : (
          <>
            <span className="ip-key"><i style={{ background: 'var(--w-accent)' }} />{say('recorded')}</span>
            <span className="ip-key"><i style={{ background: 'var(--w-layer-group)' }} />{say('nested subnet')}</span>
            <span className="ip-key"><i style={{ background: 'var(--w-sunken)', boxShadow: 'inset 0 0 0 1px var(--w-border)' }} />{say('free')}</span>
            <span className="ip-key"><i style={{ background: 'var(--w-border)' }} />{say('network or broadcast address')}</span>
          </>
        )}
      </div>
    </>
  );
}
