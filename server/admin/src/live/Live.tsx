// The frame's watches, and the line that says how the link to the server stands.
import { type ReactNode, useEffect, useState } from 'react';
import { useTranslate } from 'react-admin';
import { StatusShape } from '../design/Status';
import { LiveContext, useLinkState } from './useLive';
import { createWatches } from './watches';

/** Gives the pages inside the watches. */
export function Live({ children }: { children: ReactNode }) {
  const [watches] = useState(() => createWatches());
  useEffect(() => {
    watches.open();
    return () => watches.close();
  }, [watches]);
  return <LiveContext.Provider value={watches}>{children}</LiveContext.Provider>;
}

const looks = {
  open: { status: 'ok', word: 'Live', title: 'What changes is shown at once.' },
  connecting: { status: 'waiting', word: 'Connecting', title: 'The link for what changes is being made.' },
  waiting: { status: 'off', word: 'Not live', title: 'There is no link for what changes. Pages ask every few seconds instead.' },
} as const;

/** The line below the navigation. */
export function LiveState() {
  const translate = useTranslate();
  const { status, word, title } = looks[useLinkState()];
  return (
    <p className="w-live" title={translate(title)} data-state={status}>
      <StatusShape status={status} />
      <span>{translate(word)}</span>
    </p>
  );
}
