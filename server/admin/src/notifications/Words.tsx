// A notification with a longer text, in full.
import { Button, Dialog, DialogActions, DialogContent, DialogTitle } from '@mui/material';
import { exactly } from '../design/Moment';
import { useText } from '../design/useText';
import { Message, plain } from './Message';
import { placeOf } from './target';
import type { Told } from './types';
import { useRead } from './useRead';

/** The dialog. */
export function Words({ one, onClose, onOpened }: { one: Told; onClose(): void; onOpened?(): void }) {
  const say = useText();
  const { open } = useRead();
  return (
    <Dialog open onClose={onClose} maxWidth={false} slotProps={{ paper: { sx: { width: 560 } } }} aria-labelledby="words-title">
      <DialogTitle id="words-title">{plain(one.message)}</DialogTitle>
      <DialogContent>
        <p className="w-small w-muted" style={{ marginTop: 0 }}>
          {exactly(new Date(one.timestamp))}
        </p>
        {one.description && <Message html={one.description} />}
      </DialogContent>
      <DialogActions>
        <Button color="inherit" onClick={onClose}>
          {say('Close')}
        </Button>
        {placeOf(one.target_url) && (
          <Button
            variant="contained"
            onClick={() => {
              onClose();
              onOpened?.();
              open(one);
            }}
          >
            {say('Open')}
          </Button>
        )}
      </DialogActions>
    </Dialog>
  );
}
