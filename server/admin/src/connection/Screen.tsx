// A terminal on the page: xterm.js in a box that it fills.
import { FitAddon } from '@xterm/addon-fit';
import { Terminal } from '@xterm/xterm';
import '@xterm/xterm/css/xterm.css';
import { useEffect, useRef } from 'react';
import './connection.css';

interface ScreenProps {
  /** What the box is called. */
  label: string;
  /** Its size in characters; without it the box is filled. */
  size?: { cols: number; rows: number };
  /** Whether one may type. */
  typed?: boolean;
  /** Called once with the terminal; what it returns is called at the end. */
  onReady(terminal: Terminal): () => void;
}

/** The terminal. */
export function Screen({ label, size, typed, onReady }: ScreenProps) {
  const box = useRef<HTMLDivElement>(null);
  const ready = useRef(onReady);
  ready.current = onReady;
  const cols = size?.cols;
  const rows = size?.rows;
  useEffect(() => {
    if (!box.current) return;
    const terminal = new Terminal({ ...(cols && rows && { cols, rows }), disableStdin: !typed, cursorBlink: typed, scrollback: 5_000, fontSize: 13, fontFamily: 'ui-monospace, "DejaVu Sans Mono", monospace', screenReaderMode: true, theme: { background: '#10151c' } });
    const fit = new FitAddon();
    terminal.loadAddon(fit);
    terminal.open(box.current);
    const fill = () => {
      if (cols === undefined) fit.fit();
    };
    fill();
    const watch = new ResizeObserver(fill);
    watch.observe(box.current);
    const end = ready.current(terminal);
    if (typed) terminal.focus();
    return () => {
      watch.disconnect();
      end();
      terminal.dispose();
    };
  }, [cols, rows, typed]);
  return <section className="c-screen" aria-label={label} ref={box} />;
}
