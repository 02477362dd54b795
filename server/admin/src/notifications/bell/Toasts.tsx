// What is new, one at a time, at the bottom. It goes by itself, but not while it is looked at.
import { IconButton } from '@mui/material';
import { X } from 'lucide-react';
import { useEffect, useState } from 'react';
import { createPortal } from 'react-dom';
import { StatusShape } from '../../design/Status';
import { useText } from '../../design/useText';
import { lookOf } from '../levels';
import { plain } from '../Message';
import { placeOf } from '../target';
import type { Told } from '../types';
import { useRead } from '../useRead';

/** How long a toast stays, in milliseconds: errors and warnings as long as in OpenWISP (spec: notifications §10). */
export const stays = { calm: 10_000, grave: 30_000 };

/** The toasts. The newest is shown; how many there are besides stands beside it. */
export function Toasts({ news, onDone }: { news: Told[]; onDone(ids: string[]): void }) {
  const one = news.at(-1);
  const others = news.length - 1;
  // a region that is there before what it says is read out
  return createPortal(
    <div className="n-toasts" role="status" aria-live="polite">
      {one && <Toast key={one.id} one={one} others={others} onDone={() => onDone(news.map(({ id }) => id))} />}
    </div>,
    document.body,
  );
}

function Toast({ one, others, onDone }: { one: Told; others: number; onDone(): void }) {
  const say = useText();
  const { read, open } = useRead();
  const [held, setHeld] = useState(false);
  const { status, word } = lookOf(one.level);
  const grave = one.level === 'error' || one.level === 'warning';
  // biome-ignore lint/correctness/useExhaustiveDependencies: one that is looked at begins anew
  useEffect(() => {
    if (held) return undefined;
    const timer = setTimeout(onDone, grave ? stays.grave : stays.calm);
    return () => clearTimeout(timer);
  }, [held]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: what is looked at stays; there is nothing to press here
    <div className="n-toast" onMouseEnter={() => setHeld(true)} onMouseLeave={() => setHeld(false)} onFocus={() => setHeld(true)} onBlur={() => setHeld(false)}>
      <StatusShape status={status} />
      <span className="w-hidden">{word}: </span>
      <p>
        {plain(one.message)}
        {others > 0 && <span className="n-others">{' '}{say('and %{others} more', { others })}</span>}
      </p>
      {placeOf(one.target_url) && (
        <button
          type="button"
          onClick={() => {
            void read(one);
            open(one);
            onDone();
          }}
        >
          {say('View')}
        </button>
      )}
      <IconButton
        size="small"
        aria-label={say('Close, it is read')}
        onClick={() => {
          void read(one);
          onDone();
        }}
      >
        <X size={16} />
      </IconButton>
    </div>
  );
}
