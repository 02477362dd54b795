// The bars docked at the bottom: what is selected, and what is not saved yet.
import { IconButton } from '@mui/material';
import { X } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import { StatusShape } from './Status';
import { useText } from './useText';

/** Whether the browser has a connection. */
export function useOnline(): boolean {
  const [online, setOnline] = useState(navigator.onLine);
  useEffect(() => {
    const follow = () => setOnline(navigator.onLine);
    window.addEventListener('online', follow);
    window.addEventListener('offline', follow);
    return () => {
      window.removeEventListener('online', follow);
      window.removeEventListener('offline', follow);
    };
  }, []);
  return online;
}

interface BulkBarProps {
  count: number;
  /** All that the filters leave, when more than the page shows. */
  total?: number;
  onAll?(): void;
  onClear(): void;
  children: ReactNode;
}

/** What can be done with the selected rows. Nothing of it is there, also for the keyboard, while nothing is selected. */
export function BulkBar({ count, total, onAll, onClear, children }: BulkBarProps) {
  const text = useText();
  if (count === 0) return null;
  return (
    <section className="w-bulk" aria-label={text('Selected')}>
      <div className="w-bulk-count">
        <b>{text('%{number} selected', { number: count.toLocaleString() })}</b>
        {onAll && total !== undefined && total > count && (
          <button type="button" className="w-link" onClick={onAll}>
            {text('Select all %{number}', { number: total.toLocaleString() })}
          </button>
        )}
      </div>
      <span className="w-bulk-line" aria-hidden="true" />
      {children}
      <span className="w-grow" />
      <IconButton aria-label={text('Select nothing')} onClick={onClear}>
        <X size={16} />
      </IconButton>
    </section>
  );
}

/** The bar of a form that differs from what is saved. */
export function SaveBar({ state, children }: { state: ReactNode; children: ReactNode }) {
  const online = useOnline();
  const text = useText();
  return (
    <div className="w-savebar" role="region" aria-label={text('Save')}>
      {online ? (
        <span className="w-savebar-state">{text(state)}</span>
      ) : (
        <span className="w-savebar-state w-status w-status-critical" role="alert">
          <StatusShape status="critical" />
          {text('No connection. Nothing is saved.')}
        </span>
      )}
      {children}
    </div>
  );
}
