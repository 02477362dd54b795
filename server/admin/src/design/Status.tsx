// A status is a shape and a word; the colour only helps. Shapes differ, so that nobody has to tell red from green.
import type { ReactNode } from 'react';
import type { StatusName } from './tokens';
import { useText } from './useText';

/** The shape of a status, 10 by 10. */
export function StatusShape({ status }: { status: StatusName }) {
  return (
    <svg className={`w-shape w-shape-${status}`} viewBox="0 0 10 10" aria-hidden="true" focusable="false">
      {shapes[status]}
    </svg>
  );
}

const shapes: Record<StatusName, ReactNode> = {
  ok: <circle cx="5" cy="5" r="4" fill="currentColor" />,
  waiting: <path d="M5 1.2A3.8 3.8 0 1 1 1.2 5" fill="none" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" />,
  problem: <path d="M5 .6 9.8 9.2H.2Z" fill="currentColor" strokeLinejoin="round" />,
  critical: <path d="M5 0 10 5 5 10 0 5Z" fill="currentColor" />,
  off: <circle cx="5" cy="5" r="3.4" fill="none" stroke="currentColor" strokeWidth="1.6" />,
  unknown: <circle cx="5" cy="5" r="3.8" fill="none" stroke="currentColor" strokeWidth="1.6" strokeDasharray="1.6 1.7" />,
};

interface StatusProps {
  status: StatusName;
  /** What the status is called here: applied, silent. */
  word: string;
  /** What it means, for a pointer that rests. */
  title?: string;
}

/** A status in a table or a sentence. */
export function Status({ status, word, title }: StatusProps) {
  const text = useText();
  return (
    <span className={`w-status w-status-${status}`} title={text(title)}>
      <StatusShape status={status} />
      <span>{text(word)}</span>
    </span>
  );
}

/** A status as a pill: in the header of an object and nowhere else. */
export function StatusPill({ status, word, title }: StatusProps) {
  const text = useText();
  return (
    <span className={`w-pill w-pill-${status}`} title={text(title)}>
      <StatusShape status={status} />
      <span>{text(word)}</span>
    </span>
  );
}
