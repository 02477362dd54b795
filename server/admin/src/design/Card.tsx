import type { ReactNode } from 'react';
import { useText } from './useText';

interface CardProps {
  title?: ReactNode;
  /** A muted fact beside the title. */
  note?: ReactNode;
  /** A link or a button at the right. */
  more?: ReactNode;
  /** The contents go to the edges, as a table does. */
  flush?: boolean;
  children: ReactNode;
}

/** A card on the canvas: it lies flat, with a title of its own. */
export function Card({ title, note, more, flush = false, children }: CardProps) {
  const text = useText();
  return (
    <section className="w-card">
      {(title || more) && (
        <header>
          <h2>{text(title)}</h2>
          {note && <span className="w-small w-muted">{text(note)}</span>}
          {more && <span className="w-card-more">{more}</span>}
        </header>
      )}
      <div className={flush ? 'w-card-flush' : 'w-card-body'}>{children}</div>
    </section>
  );
}
