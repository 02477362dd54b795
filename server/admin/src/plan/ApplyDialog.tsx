// How a plan is applied: in which waves, and what stops them.
import { Checkbox, FormControlLabel, MenuItem, TextField } from '@mui/material';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useDataProvider, useRedirect } from 'react-admin';
import { useAttempt } from '../connection/attempt';
import { Ask } from '../design/Ask';
import { useText } from '../design/useText';
import type { PlanProvider } from './operations';
import type { ApplyRequest, Plan } from './types';

/** A limit of health; empty: as the server is set. */
function limit(name: string, text: string): Record<string, number> {
  return text.trim() === '' ? {} : { [name]: Number(text.replace(/[\s%]/g, '')) };
}

/** What the fields say, as the API takes it: minutes become seconds, parts become waves. */
export function requestOf(fields: { first: string; parts: string; pause: string; confirm: boolean; failures: string; within: string; lost: string; ill: string; stop: string; accept: boolean }): ApplyRequest {
  const pause = Math.round(Number(fields.pause) * 60);
  const parts = fields.parts
    .split(/[\s,;%]+/)
    .map(Number)
    .filter((n) => n > 0);
  const waves = [...(Number(fields.first) > 0 ? [{ count: Number(fields.first) }] : []), ...parts.map((percent) => ({ percent }))];
  return {
    accept_invalid: fields.accept,
    strategy: { waves: waves.map((wave) => ({ ...wave, pause, confirm: fields.confirm })), max_failed: Number(fields.failures), ...limit('max_unreachable', fields.lost), ...limit('max_problems_percent', fields.ill), return_within: Math.round(Number(fields.within) * 60), on_stop: fields.stop },
  };
}

/** The dialog. */
export function ApplyDialog({ plan, onClose }: { plan: Plan; onClose(): void }) {
  const say = useText();
  const provider = useDataProvider<PlanProvider>();
  const queries = useQueryClient();
  const redirect = useRedirect();
  const { busy, attempt } = useAttempt();
  const [fields, setFields] = useState({ first: plan.changed > 10 ? '5' : '1', parts: '10, 50', pause: '10', confirm: false, failures: '0', within: '30', lost: '', ill: '', stop: 'halt', accept: false });
  const text = (source: 'first' | 'parts' | 'pause' | 'failures' | 'within' | 'lost' | 'ill', label: string, helperText: string) => (
    <TextField label={label} value={fields[source]} onChange={({ target }) => setFields({ ...fields, [source]: target.value })} helperText={helperText} inputMode="decimal" fullWidth />
  );
  const apply = () =>
    attempt(async () => {
      const after = await provider.applyPlan(plan.id, requestOf(fields));
      await queries.invalidateQueries({ queryKey: ['plans'] });
      if (after.rollout) redirect('edit', 'rollouts', after.rollout);
    }).then((done) => done && onClose());
  const devices = plan.changed === 1 ? say('1 device') : say('%{changed} devices', { changed: plan.changed.toLocaleString() });
  return (
    <Ask title={say('Apply “%{name}” to %{devices}?', { name: plan.name, devices })} verb="Apply" keep="Not now" wide busy={busy} blocked={plan.invalid > 0 && !fields.accept && 'Some devices cannot be rendered.'} onDo={() => void apply()} onClose={onClose}>
      <p>{say('What was found out is carried out exactly. When something changed since, nothing is done.')}</p>
      <div className="p-strategy">
        {text('first', 'First wave', 'Devices, 0 for none')}
        {text('parts', 'Then', 'Parts in percent; the rest last')}
        {text('pause', 'Pause', 'Minutes after each wave')}
        {text('failures', 'Failures', 'Accepted in a wave')}
        {text('within', 'Back within', 'Minutes; 0: whenever they are')}
        {text('lost', 'Out of reach', 'Devices of a wave that may be, since it began; empty: as the server is set')}
        {text('ill', 'With a problem', 'Percent of a wave that may have one since; empty: as the server is set')}
        <TextField select label={say('When a wave is stopped')} value={fields.stop} onChange={({ target }) => setFields({ ...fields, stop: target.value })} fullWidth>
          <MenuItem value="halt">{say('Wait for people')}</MenuItem>
          <MenuItem value="rollback_wave">{say('Take the wave back')}</MenuItem>
          <MenuItem value="rollback">{say('Take everything back')}</MenuItem>
        </TextField>
      </div>
      <FormControlLabel control={<Checkbox checked={fields.confirm} onChange={({ target }) => setFields({ ...fields, confirm: target.checked })} />} label={say('Wait for approval after each wave')} />
      {plan.invalid > 0 && <FormControlLabel control={<Checkbox checked={fields.accept} onChange={({ target }) => setFields({ ...fields, accept: target.checked })} />} label={say('%{invalid} devices cannot be rendered and keep what they have', { invalid: plan.invalid.toLocaleString() })} />}
    </Ask>
  );
}
