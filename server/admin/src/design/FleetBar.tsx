// A whole fleet in one line: each part as wide as its share, the numbers below as links.
import { Link } from 'react-router-dom';
import { useText } from './useText';
import { StatusShape } from './Status';
import type { StatusName } from './tokens';

/** One part of a fleet. */
export interface FleetPart {
  status: StatusName;
  word: string;
  count: number;
  /** The list of these. */
  to?: string;
}

/** The bar alone, as in a row of a table. */
export function FleetBar({ parts, label }: { parts: FleetPart[]; label: string }) {
  const say = useText();
  const total = parts.reduce((sum, { count }) => sum + count, 0);
  return (
    <div className="w-fleet" role="img" aria-label={say(label)}>
      {total === 0 && <i className="w-fleet-none" />}
      {parts
        .filter(({ count }) => count > 0)
        .map(({ status, word, count }) => (
          <i key={word} className={`w-fleet-${status}`} style={{ flexGrow: count / total }} title={`${count.toLocaleString()} ${say(word)}`} />
        ))}
    </div>
  );
}

/** The numbers beside a bar; each leads to its list. */
export function FleetNumbers({ parts }: { parts: FleetPart[] }) {
  const say = useText();
  return (
    <ul className="w-fleet-numbers">
      {parts.map(({ status, word, count, to }) => {
        const text = (
          <>
            <StatusShape status={status} />
            <b>{count.toLocaleString()}</b> {say(word)}
          </>
        );
        return <li key={word}>{to && count > 0 ? <Link to={to}>{text}</Link> : <span>{text}</span>}</li>;
      })}
    </ul>
  );
}
