// A question before something is done: how many, which, and verbs on the buttons.
import { Button, CircularProgress, Dialog, DialogActions, DialogContent, DialogTitle } from '@mui/material';
import { type ReactNode, useState } from 'react';
import { Field } from './Field';
import { useText } from './useText';

/** From so many on, the number is typed. */
export const typedFrom = 10;

interface AskProps {
  /** The question, with the number: Delete 12 devices? */
  title: string;
  children?: ReactNode;
  /** What the buttons say: Delete 12 devices / Keep them. */
  verb: string;
  keep: string;
  /** It takes something away. */
  dangerous?: boolean;
  /** How many are touched; from typedFrom on, a dangerous action wants it typed. */
  count?: number;
  /** Why it cannot be done yet. */
  blocked?: string | false;
  busy?: boolean;
  wide?: boolean;
  onDo(): void;
  onClose(): void;
}

/** The dialog. */
export function Ask({ title, children, verb, keep, dangerous = false, count = 1, blocked, busy = false, wide = false, onDo, onClose }: AskProps) {
  const text = useText();
  const [typed, setTyped] = useState('');
  const mustType = dangerous && count >= typedFrom;
  const ready = !busy && !blocked && (!mustType || typed.trim() === String(count));
  return (
    <Dialog open onClose={busy ? undefined : onClose} maxWidth={false} slotProps={{ paper: { sx: { width: wide ? 720 : 480 } } }} aria-labelledby="ask-title">
      <DialogTitle id="ask-title">{text(title)}</DialogTitle>
      <DialogContent>
        {text(children)}
        {mustType && (
          <Field label={text('Type %{number} to go on', { number: count })} value={typed} onChange={setTyped} inputMode="numeric" autoComplete="off" />
        )}
      </DialogContent>
      <DialogActions>
        {blocked && <span className="w-small w-secondary w-grow">{text(blocked)}</span>}
        <Button onClick={onClose} disabled={busy} autoFocus={dangerous} color="inherit">
          {text(keep)}
        </Button>
        <Button
          variant={dangerous ? 'outlined' : 'contained'}
          color={dangerous ? 'error' : 'primary'}
          disabled={!ready}
          onClick={onDo}
          startIcon={busy ? <CircularProgress size={14} color="inherit" /> : undefined}
        >
          {text(verb)}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

/** The first names of many: five, and how many more. */
export function Names({ names, total = names.length }: { names: ReactNode[]; total?: number }) {
  const text = useText();
  const shown = names.slice(0, 5);
  return (
    <ul className="w-names">
      {shown.map((name, index) => (
        <li key={index}>{name}</li>
      ))}
      {total > shown.length && <li className="w-muted">{text('and %{number} more', { number: (total - shown.length).toLocaleString() })}</li>}
    </ul>
  );
}
