// The words of a notification, with its links leading to pages here.
import { createElement, Fragment, type ReactNode } from 'react';
import { Link } from 'react-router-dom';
import { type Piece, piecesOf, textOf } from './html';
import { placeOf } from './target';

/** The words in one line, without links. */
export function plain(html: string): string {
  return textOf(piecesOf(html));
}

function render(piece: Piece, key: number): ReactNode {
  if (typeof piece === 'string') return piece;
  const inside = piece.inside.map(render);
  const { tag, href } = piece;
  if (tag === 'a') {
    const place = placeOf(href ?? '');
    if (!place) return <Fragment key={key}>{inside}</Fragment>;
    return 'to' in place ? (
      <Link key={key} to={place.to}>
        {inside}
      </Link>
    ) : (
      <a key={key} href={place.href} target="_blank" rel="noopener noreferrer">
        {inside}
      </a>
    );
  }
  // the page has headings of its own
  if (/^h\d$/.test(tag)) return createElement('p', { key }, <b>{inside}</b>);
  return tag === 'br' || tag === 'hr' ? createElement(tag, { key }) : createElement(tag, { key }, inside);
}

/** The words as they are meant. */
export function Message({ html }: { html: string }) {
  return <div className="n-message">{piecesOf(html).map(render)}</div>;
}
