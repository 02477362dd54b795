// The page that starts a mass command: for the devices that were selected, those that a filter leaves, or all of an
// organization. How many they are is read before it is started.
import { Button, MenuItem, TextField } from '@mui/material';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Play } from 'lucide-react';
import { useState } from 'react';
import { useDataProvider, useRedirect } from 'react-admin';
import { useLocation } from 'react-router-dom';
import { Ask } from '../design/Ask';
import { Card } from '../design/Card';
import { PageHead } from '../design/PageHead';
import { useText } from '../design/useText';
import { useManagedOrganizations, useSuperuser } from '../tenancy/managed';
import { useAttempt } from './attempt';
import { type Chosen, CommandInput, inputOf, titleOf, useCommandSchemas } from './CommandInput';
import type { ConnectionProvider } from './operations';
import type { Selection } from './types';
import './connection.css';

/** In the menu: all organizations, which the API says by null. */
const everywhere = '';

/** The page. */
export default function BatchCreate() {
  const say = useText();
  const selection = (useLocation().state as Selection | null) ?? {};
  const organizations = useManagedOrganizations();
  const superuser = useSuperuser();
  const provider = useDataProvider<ConnectionProvider>();
  const redirect = useRedirect();
  const [chosenOrganization, setOrganization] = useState<string>();
  const [value, setValue] = useState<Chosen>({ type: 'custom', input: { command: '' } });
  const [label, setLabel] = useState('');
  const [notes, setNotes] = useState('');
  const [parallel, setParallel] = useState('20');
  const [stopAfter, setStopAfter] = useState('0');
  const [asked, setAsked] = useState(false);
  const { busy, attempt } = useAttempt();
  const first = superuser ? everywhere : organizations[0]?.id;
  const organization = chosenOrganization ?? (selection.filter?.organization || first);
  const wanted = organization === everywhere ? null : organization;
  const { data: schemas } = useCommandSchemas(wanted);
  const { data: ids, error } = useQuery({
    queryKey: ['batchcommands', 'rehearse', wanted, value.type, selection],
    queryFn: () => provider.rehearse({ organization: wanted ?? null, type: value.type, ...selection }),
    enabled: organization !== undefined,
    placeholderData: keepPreviousData,
    retry: false,
  });
  const count = error ? 0 : (ids?.length ?? 0);
  const devices = count === 1 ? say('1 device') : say('%{count} devices', { count: count.toLocaleString() });
  const schema = schemas?.[value.type];
  const start = () =>
    attempt(async () => {
      const id = await provider.startBatch({
        organization: wanted ?? null, type: value.type, input: inputOf(schema, value.input), label: label.trim() || titleOf(schema, value.type), notes, parallel: Number(parallel), stop_after: Number(stopAfter), ...selection,
      });
      redirect('edit', 'batchcommands', id);
    }).then(() => setAsked(false));
  const about = selection.devices ? 'those that were selected' : selection.filter ? 'those that the filters of the list leave' : 'all of the organization';
  return (
    <div className="w-page">
      <PageHead title="Start a mass command" />
      <form
        className="w-stack w-form"
        onSubmit={(event) => {
          event.preventDefault();
          setAsked(true);
        }}
      >
        <Card title="Devices" note={about}>
          <div className="c-fields">
            <TextField select label={say('Organization')} value={organization ?? ''} onChange={({ target }) => setOrganization(target.value)} slotProps={{ select: { displayEmpty: true }, inputLabel: { shrink: true } }} fullWidth>
              {superuser && <MenuItem value={everywhere}>{say('All organizations')}</MenuItem>}
              {organizations.map(({ id, name }) => (
                <MenuItem key={id} value={id}>
                  {name}
                </MenuItem>
              ))}
            </TextField>
            <p role="status" className={error ? 'w-status w-status-critical' : 'w-secondary'}>
              {error ? error.message : say('%{devices} would get it.', { devices })}
            </p>
          </div>
        </Card>
        <Card title="Command">
          <div className="c-fields">
            {schemas && <CommandInput schemas={schemas} value={value} onChange={setValue} />}
            <TextField label={say('Label')} value={label} onChange={({ target }) => setLabel(target.value)} helperText={say('What it is for')} slotProps={{ htmlInput: { maxLength: 64 } }} fullWidth />
            <TextField label={say('Notes')} value={notes} onChange={({ target }) => setNotes(target.value)} multiline minRows={2} fullWidth />
          </div>
        </Card>
        <Card title="How">
          <div className="c-fields">
            <TextField label={say('At once')} type="number" value={parallel} onChange={({ target }) => setParallel(target.value)} helperText={say('On how many devices it runs at the same time')} slotProps={{ htmlInput: { min: 1, max: 1000 } }} fullWidth />
            <TextField label={say('Stop after failures')} type="number" value={stopAfter} onChange={({ target }) => setStopAfter(target.value)} helperText={say('0: run it on all, whatever happens')} slotProps={{ htmlInput: { min: 0 } }} fullWidth />
          </div>
        </Card>
        <div>
          <Button type="submit" variant="contained" disabled={busy || count === 0 || !schema} startIcon={<Play size={16} />}>
            {say('Start on %{devices}…', { devices })}
          </Button>
        </div>
      </form>
      {asked && (
        <Ask title={say('%{schema} on %{devices}?', { schema: titleOf(schema, value.type), devices })} verb={say('Start on %{devices}', { devices })} keep="Do not" dangerous count={count} busy={busy} onDo={() => void start()} onClose={() => setAsked(false)}>
          {value.type === 'custom' && <p className="w-mono">{String(value.input.command ?? '')}</p>}
          {say('What runs already goes on when it is stopped.')}
        </Ask>
      )}
    </div>
  );
}
