// "Do not tell me of this": on the page of an object, for a time or until it is ended. It is one's own affair.
import { Button, FormControlLabel, Radio, RadioGroup } from '@mui/material';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Bell, BellOff } from 'lucide-react';
import { useState } from 'react';
import { useDataProvider, useNotify, useRecordContext, useResourceContext } from 'react-admin';
import { useKind } from '../../live/useLive';
import { Ask } from '../../design/Ask';
import { exactly } from '../../design/Moment';
import { useText } from '../../design/useText';
import type { NotificationProvider } from '../operations';
import { holds, type Length, lengths, untilOf } from './until';

/** The button, in the header of the object. */
export default function SilenceButton() {
  const say = useText();
  const record = useRecordContext();
  const [app, model] = (useKind(useResourceContext()) ?? '').split('.');
  const provider = useDataProvider<NotificationProvider>();
  const queries = useQueryClient();
  const notify = useNotify();
  const [open, setOpen] = useState(false);
  const [length, setLength] = useState<Length>('day');
  const [busy, setBusy] = useState(false);
  const target = { app: app ?? '', model: model ?? '', id: String(record?.id) };
  const key = ['notifications', 'silence', target];
  const { data: silence, error } = useQuery({ queryKey: key, queryFn: async () => (await provider.silenceOf(target)) ?? null, enabled: record !== undefined && app !== '', retry: false });
  if (!record || error || silence === undefined) return null;
  const on = holds(silence, new Date());
  const name = String(record.name ?? record.id);
  const attempt = async (work: () => Promise<unknown>, done: string) => {
    setBusy(true);
    try {
      await work();
      notify(done, { type: 'success' });
    } catch (reason) {
      notify(reason instanceof Error ? reason.message : String(reason), { type: 'error' });
    }
    await queries.invalidateQueries({ queryKey: ['notifications', 'silence'] });
    await queries.invalidateQueries({ queryKey: ['notifications', 'silences'] });
    setBusy(false);
    setOpen(false);
  };
  const till = silence?.valid_till ? say('until %{value}', { value: exactly(new Date(silence.valid_till)) }) : say('until you end it');
  return (
    <>
      <Button
        variant="outlined"
        startIcon={<BellOff size={16} />}
        title={on ? say('You are not told of this %{model}, %{till}', { model, till }) : undefined}
        aria-label={on ? say('Silenced %{till}, change', { till }) : say('Silence %{name}…', { name })}
        onClick={() => setOpen(true)}
        sx={{ '@media (max-width: 640px)': { '& .MuiButton-startIcon': { m: 0 }, minWidth: 40, p: 0 } }}
      >
        <span className="w-desk">{on ? say('Silenced') : say('Silence…')}</span>
      </Button>
      {open && (
        <Ask
          title={on ? say('%{name} is silenced', { name }) : say('Silence %{name}?', { name })}
          verb={on ? 'Change' : 'Silence'}
          keep={on ? 'Leave it' : 'Keep being told'}
          busy={busy}
          onDo={() => void attempt(() => provider.silence(target, untilOf(length, new Date())), say('You are not told of %{name}', { name }))}
          onClose={() => setOpen(false)}
        >
          <p style={{ marginTop: 0 }}>
            {on ? say('You are not told of it %{till}.', { till }) : say('You are told nothing of it, neither here nor by e-mail. Others are told as before.')}
          </p>
          <RadioGroup aria-label={say('How long')} value={length} onChange={(_, chosen) => setLength(chosen as Length)}>
            {lengths.map(({ id, name: label }) => (
              <FormControlLabel key={id} value={id} control={<Radio />} label={label} />
            ))}
          </RadioGroup>
          {on && (
            <Button startIcon={<Bell size={16} />} disabled={busy} onClick={() => void attempt(() => provider.endSilence(target), say('You are told of %{name} again', { name }))}>
              {say('End it now')}
            </Button>
          )}
        </Ask>
      )}
    </>
  );
}
