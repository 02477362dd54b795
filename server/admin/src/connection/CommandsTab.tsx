// The tab of a device where commands are sent, and where what they write is seen while they run.
import { Button } from '@mui/material';
import { Play, Square } from 'lucide-react';
import { useState } from 'react';
import { useCanAccess, useDataProvider, useRecordContext } from 'react-admin';
import { Link } from 'react-router-dom';
import { Ask } from '../design/Ask';
import { Card } from '../design/Card';
import { CopyButton } from '../design/Copyable';
import { Moment } from '../design/Moment';
import { Empty, Failed, Loading } from '../design/states';
import { Status } from '../design/Status';
import { useText } from '../design/useText';
import { useAttempt } from './attempt';
import { type Chosen, CommandInput, inputOf, questionOf, titleOf, useCommandSchemas } from './CommandInput';
import { commandLook } from './looks';
import type { ConnectionProvider } from './operations';
import type { Command } from './types';
import { useCommands } from './useCommands';
import { useReach } from './useReach';
import './connection.css';

interface Device {
  id: string;
  name: string;
  organization: string;
  is_deactivated?: boolean;
}

function Box({ device, onSent }: { device: Device; onSent(): void }) {
  const say = useText();
  const provider = useDataProvider<ConnectionProvider>();
  const { data: schemas, error } = useCommandSchemas(device.organization);
  const [value, setValue] = useState<Chosen>({ type: 'custom', input: { command: '' } });
  const [asked, setAsked] = useState(false);
  const { busy, attempt } = useAttempt();
  if (error) return <p className="w-secondary">{error.message}</p>;
  if (!schemas) return <Loading rows={1} />;
  const schema = schemas[value.type];
  const question = questionOf(schema);
  const send = () =>
    attempt(() => provider.sendCommand(device.id, value.type, inputOf(schema, value.input))).then((done) => {
      setAsked(false);
      // secrets do not stay on the page
      if (done && value.type !== 'custom') setValue({ type: value.type, input: {} });
      onSent();
    });
  const ask = () => (question ? setAsked(true) : void send());
  // no form: the page of the device is one
  return (
    <div
      className="c-box"
      role="group"
      aria-label={say('Command')}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' || !(event.target instanceof HTMLInputElement)) return;
        event.preventDefault();
        if (!busy && schema && !asked) ask();
      }}
    >
      <CommandInput schemas={schemas} value={value} onChange={setValue} />
      <Button variant="contained" disabled={busy || !schema} startIcon={<Play size={16} />} onClick={ask}>
        {say('Send')}
      </Button>
      {asked && (
        <Ask title={say('%{schema} on %{name}?', { schema: titleOf(schema, value.type), name: device.name })} verb="Send" keep="Do not" dangerous busy={busy} onDo={() => void send()} onClose={() => setAsked(false)}>
          {question}
        </Ask>
      )}
    </div>
  );
}

function One({ device, command, onChange }: { device: Device; command: Command; onChange(): void }) {
  const say = useText();
  const provider = useDataProvider<ConnectionProvider>();
  const add = useCanAccess({ resource: 'commands', action: 'create' });
  const { busy, attempt } = useAttempt();
  const running = command.status === 'in-progress';
  return (
    <li className="c-command">
      <div className="c-row" style={{ padding: 0, border: 0 }}>
        <div className="c-title">
          <Status {...commandLook(command.status)} />
          <b>{command.type}</b>
          <span className="w-mono">{command.input}</span>
          {command.batch_command && <Link to={`/batchcommands/${command.batch_command}`}>{say('mass command')}</Link>}
        </div>
        <div className="c-actions">
          <span className="w-small w-muted">
            <Moment at={command.created} />
          </span>
          {running && add.canAccess && (
            <Button size="small" color="error" variant="outlined" disabled={busy} startIcon={<Square size={14} />} onClick={() => void attempt(() => provider.cancelCommand(device.id, command.id)).then(onChange)}>
              {say('Stop')}
            </Button>
          )}
        </div>
      </div>
      {command.output && (
        <section className="w-code" aria-label={say('Output of %{input}', { input: command.input || command.type })}>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard too */}
          <pre tabIndex={0} className="c-output">
            {command.output}
          </pre>
          <CopyButton text={command.output} label="output" />
        </section>
      )}
    </li>
  );
}

/** The tab. */
export default function CommandsTab() {
  const device = useRecordContext<Device>();
  return device ? <Commands device={device} /> : null;
}

function Commands({ device }: { device: Device }) {
  const say = useText();
  const add = useCanAccess({ resource: 'commands', action: 'create' });
  const { data: reach } = useReach();
  const { data, error, isPending, refetch } = useCommands(device.id);
  const reachable = (reach?.connections.length ?? 0) > 0;
  const again = () => void refetch();
  return (
    <div className="w-stack">
      {add.canAccess && !device.is_deactivated && (
        <Card title="Send a command">
          {reach && !reachable ? <p className="w-secondary">{say('The device has no connection that could carry it: add one under Connections.')}</p> : <Box device={device} onSent={again} />}
        </Card>
      )}
      <Card title="Commands" note="the latest thirty" flush>
        {isPending && <Loading rows={3} onRetry={again} />}
        {error && !data && <Failed reason={error.message} onRetry={again} />}
        {data && data.results.length === 0 && <Empty title="No commands yet">{say('What is sent to the device stands here with what it answered.')}</Empty>}
        <ul className="c-rows">
          {data?.results.map((command) => (
            <One key={command.id} device={device} command={command} onChange={again} />
          ))}
        </ul>
      </Card>
    </div>
  );
}
