// A time as people say it: how long ago, for a week; then the day. The exact time with its zone is the title.
import { useEffect, useReducer } from 'react';
import { useText } from './useText';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** How long before now a time was: 12 s, 5 min, 3 h, 2 d; the date after a week. */
export function ago(at: Date, now: Date): string {
  const past = now.getTime() - at.getTime();
  const length = Math.abs(past);
  const words =
    length < minute ? `${Math.floor(length / 1000)} s` : length < hour ? `${Math.floor(length / minute)} min` : length < day ? `${Math.floor(length / hour)} h` : `${Math.floor(length / day)} d`;
  if (length >= 7 * day) return dayOf(at, now);
  return past < 0 ? `in ${words}` : `${words} ago`;
}

function dayOf(at: Date, now: Date): string {
  return at.toLocaleDateString(undefined, { day: 'numeric', month: 'short', ...(at.getFullYear() === now.getFullYear() ? {} : { year: 'numeric' }) });
}

/** The exact time, to the second, with its zone. */
export function exactly(at: Date): string {
  return at.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'long' });
}

/** How long ago in the language of the person: the number stays, the words around it are a text. */
function saidIn(text: (english: string, values: Record<string, unknown>) => string, said: string): string {
  const [, before, number, after] = /^(in )?(\d+)( .*)$/.exec(said) ?? [];
  return number === undefined || !/ago$|^in /.test(said) ? said : text(`${before ?? ''}%{number}${after}`, { number });
}

/** A time. Text that stands before it, such as "seen", is the caller's. */
export function Moment({ at, never = 'never', exact = false }: { at: string | null | undefined; never?: string; exact?: boolean }) {
  const [, again] = useReducer((count: number) => count + 1, 0);
  const text = useText();
  const date = at ? new Date(at) : undefined;
  const young = date !== undefined && Math.abs(Date.now() - date.getTime()) < hour;
  useEffect(() => {
    if (!young || exact) return undefined;
    const timer = setInterval(again, 15_000);
    return () => clearInterval(timer);
  }, [young, exact]);
  if (!date) return <span className="w-muted">{text(never)}</span>;
  return (
    <time dateTime={at ?? undefined} title={exactly(date)} style={{ whiteSpace: 'nowrap' }}>
      {exact ? exactly(date) : saidIn(text, ago(date, new Date()))}
    </time>
  );
}
