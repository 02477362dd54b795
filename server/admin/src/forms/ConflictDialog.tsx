// Two people, one object: what the other saved and what is about to be saved, side by side.
import { Button, Dialog, DialogActions, DialogContent, DialogTitle } from '@mui/material';
import { type RaRecord, useResourceContext, useTranslateLabel } from 'react-admin';
import { useText } from '../design/useText';
import type { Conflict } from '../api/conflict';

function text(value: unknown): string {
  if (value === null || value === undefined || value === '') return 'empty';
  return typeof value === 'string' ? value : JSON.stringify(value, null, 1);
}

/** The rows of the comparison: of an object inside, only the parts that differ. */
export function differences(conflict: Conflict, before: RaRecord): { field: string; theirs: unknown; mine: unknown }[] {
  return conflict.fields.flatMap((field) => {
    const [mine, theirs, old] = [conflict.change[field], conflict.now[field], before[field]];
    if (mine && theirs && typeof mine === 'object' && typeof theirs === 'object' && !Array.isArray(mine)) {
      const [m, t, o] = [mine, theirs, (old ?? {}) as object] as Record<string, unknown>[];
      return Object.keys(m ?? {})
        .filter((part) => JSON.stringify(m?.[part]) !== JSON.stringify(t?.[part]) || JSON.stringify(o?.[part]) !== JSON.stringify(t?.[part]))
        .map((part) => ({ field: `${field}.${part}`, theirs: t?.[part], mine: m?.[part] }));
    }
    return [{ field, theirs, mine }];
  });
}

interface ConflictDialogProps {
  what: string;
  conflict: Conflict;
  before: RaRecord;
  onTheirs(): void;
  onMine(): void;
  onClose(): void;
}

/** The dialog. */
export function ConflictDialog({ what, conflict, before, onTheirs, onMine, onClose }: ConflictDialogProps) {
  const resource = useResourceContext();
  const translateLabel = useTranslateLabel();
  const say = useText();
  const cell = { fontFamily: 'var(--w-mono)', fontSize: 12, whiteSpace: 'pre-wrap', overflowWrap: 'anywhere', verticalAlign: 'top', padding: '6px 8px' } as const;
  return (
    <Dialog open onClose={onClose} maxWidth={false} slotProps={{ paper: { sx: { width: 720 } } }} aria-labelledby="conflict-title">
      <DialogTitle id="conflict-title">{say('Somebody else has saved this %{what} in the meantime', { what: say(what) })}</DialogTitle>
      <DialogContent>
        <p style={{ marginTop: 0 }}>{say('You both changed the same. Nothing of yours is lost.')}</p>
        <table className="w-compare">
          <thead>
            <tr>
              <th scope="col">{say('Field')}</th>
              <th scope="col">{say('Theirs, saved')}</th>
              <th scope="col">{say('Yours')}</th>
            </tr>
          </thead>
          <tbody>
            {differences(conflict, before).map(({ field, theirs, mine }) => (
              <tr key={field}>
                <td>{translateLabel({ source: field, resource })}</td>
                <td style={cell}>{say(text(theirs))}</td>
                <td style={cell}>{say(text(mine))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </DialogContent>
      <DialogActions>
        <Button color="inherit" onClick={onClose}>
          {say('Back to the form')}
        </Button>
        <Button variant="outlined" onClick={onTheirs}>
          {say('Take theirs')}
        </Button>
        <Button variant="contained" onClick={onMine}>
          {say('Save mine')}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
