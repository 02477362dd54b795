// What a page shows when there is nothing to show: empty, still coming, refused, failed.
import { Button } from '@mui/material';
import { Lock } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import { useText } from './useText';

/** Nothing is here: one sentence what belongs here, and what to do about it. */
export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  const text = useText();
  return (
    <div className="w-state">
      <p className="w-state-title">{text(title)}</p>
      {children && <div className="w-secondary">{text(children)}</div>}
      {action}
    </div>
  );
}

/** The caller may not see this: a calm page with the reason and whom to ask; never an empty list. */
export function Refused({ title = 'You may not see this', children }: { title?: string; children?: ReactNode }) {
  const text = useText();
  return (
    <div className="w-state" role="status">
      <Lock className="w-state-icon" aria-hidden="true" />
      <p className="w-state-title">{text(title)}</p>
      {children && <div className="w-secondary">{text(children)}</div>}
    </div>
  );
}

/** Something failed here: what, and the way to try again. */
export function Failed({ title = 'This could not be loaded', reason, onRetry }: { title?: string; reason?: string; onRetry?(): void }) {
  const text = useText();
  return (
    <div className="w-state" role="alert">
      <p className="w-state-title">{text(title)}</p>
      {reason && <p className="w-secondary">{reason}</p>}
      {onRetry && (
        <Button variant="outlined" onClick={onRetry}>
          {text('Try again')}
        </Button>
      )}
    </div>
  );
}

/** How long nothing is shown before the skeleton, and when somebody is told that it takes long, in milliseconds. */
export const loadingDelays = { quiet: 200, long: 8000 };

/** Skeletons of the true shape after a moment; after eight seconds, what may be done. */
export function Loading({ rows = 6, onRetry }: { rows?: number; onRetry?(): void }) {
  const text = useText();
  const [stage, setStage] = useState<'quiet' | 'skeleton' | 'long'>('quiet');
  useEffect(() => {
    const first = setTimeout(() => setStage('skeleton'), loadingDelays.quiet);
    const second = setTimeout(() => setStage('long'), loadingDelays.long);
    return () => {
      clearTimeout(first);
      clearTimeout(second);
    };
  }, []);
  return (
    <div className="w-loading" role="status" aria-label={text('Loading')}>
      {stage !== 'quiet' &&
        Array.from({ length: rows }, (_, row) => (
          <div key={row} className="w-bones" aria-hidden="true">
            <i style={{ width: `${28 + ((row * 13) % 18)}%` }} />
            <i style={{ width: `${12 + ((row * 7) % 9)}%` }} />
            <i style={{ width: `${16 + ((row * 5) % 11)}%` }} />
          </div>
        ))}
      {stage === 'long' && (
        <p className="w-small w-secondary">
          {text('This takes longer than usual.')}{' '}
          {onRetry && (
            <button type="button" className="w-link" onClick={onRetry}>
              {text('Try again')}
            </button>
          )}
        </p>
      )}
    </div>
  );
}
