// The three truths about a configuration in one thread: what a device should have, was given, and says it has.
import type { ReactNode } from 'react';
import { useText } from './useText';

/** How a node of the thread stands to the one above: the same, another, or still awaited. */
export type Agreement = 'same' | 'other' | 'awaited' | 'never';

/** One node. */
export interface ThreadNode {
  name: string;
  agreement: Agreement;
  /** A version or a checksum. */
  what?: ReactNode;
  detail?: ReactNode;
  at?: ReactNode;
}

const words: Record<Agreement, string> = { same: 'agrees', other: 'differs', awaited: 'awaited', never: 'never' };

/** The thread, from top to bottom. */
export function Thread({ nodes }: { nodes: ThreadNode[] }) {
  const text = useText();
  return (
    <ol className="w-thread">
      {nodes.map(({ name, agreement, what, detail, at }, index) => (
        <li key={name} className={`w-thread-${agreement} ${nodes[index + 1] ? `w-thread-next-${nodes[index + 1]?.agreement}` : ''}`}>
          <span className="w-thread-node" role="img" aria-label={text(words[agreement])} />
          <div className="w-grow">
            <b>{name}</b>
            {what && <>, {what}</>}
            {detail && <small>{detail}</small>}
          </div>
          {at && <span className="w-small w-muted w-numbers">{at}</span>}
        </li>
      ))}
    </ol>
  );
}
