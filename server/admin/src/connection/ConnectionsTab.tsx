// The tab of a device that says how it is reached: what the last push did, and the ways into it.
import { Button, MenuItem, TextField } from '@mui/material';
import { KeyRound, Power, Send, Trash2, Zap } from 'lucide-react';
import { useState } from 'react';
import { useCanAccess, useDataProvider, useGetList, useRecordContext } from 'react-admin';
import { Link } from 'react-router-dom';
import { Ask } from '../design/Ask';
import { Card } from '../design/Card';
import { Moment } from '../design/Moment';
import { MoreMenu } from '../design/MoreMenu';
import { Empty, Failed, Loading } from '../design/states';
import { Status } from '../design/Status';
import { useText } from '../design/useText';
import { useAttempt } from './attempt';
import { connectionLook, pushLook } from './looks';
import type { ConnectionProvider } from './operations';
import type { Connection, Credentials, Push } from './types';
import { useReach } from './useReach';
import './connection.css';

function PushCard({ push, reachable, onChange }: { push: Push | null; reachable: boolean; onChange(): void }) {
  const say = useText();
  const device = useRecordContext();
  const provider = useDataProvider<ConnectionProvider>();
  const change = useCanAccess({ resource: 'devices', action: 'change' });
  const { busy, attempt } = useAttempt();
  if (!device) return null;
  const run = () => attempt(() => provider.push(device.id)).then(onChange);
  return (
    <Card
      title="Last push"
      more={
        change.canAccess &&
        reachable && (
          <Button variant="outlined" size="small" disabled={busy} startIcon={<Send size={14} />} onClick={() => void run()}>
            {say('Push now')}
          </Button>
        )
      }
    >
      {!push && <p className="w-secondary">{say('A change of its configuration is told to the device at once. Nothing was to be told yet.')}</p>}
      {push && (
        <>
          <p>
            <Status {...pushLook(push)} /> {push.reason || say('It is the next one.')}
          </p>
          <p className="c-facts w-small w-muted">
            <span>
              {say('Asked for')}{' '}<Moment at={push.requested} />
            </span>
            {push.attempts > 0 && <span>{push.attempts === 1 ? say('1 attempt') : say('%{attempts} attempts', { attempts: push.attempts })}</span>}
            {push.next_attempt && push.state === 'waiting' && (
              <span>
                {say('Next one')}{' '}<Moment at={push.next_attempt} />
              </span>
            )}
            {push.succeeded && (
              <span>
                {say('Told last')}{' '}<Moment at={push.succeeded} />
              </span>
            )}
          </p>
        </>
      )}
    </Card>
  );
}

function Row({ connection, locked, onChange }: { connection: Connection; locked: boolean; onChange(): void }) {
  const say = useText();
  const device = useRecordContext();
  const provider = useDataProvider<ConnectionProvider>();
  const change = useCanAccess({ resource: 'connections', action: 'change' });
  const remove = useCanAccess({ resource: 'connections', action: 'delete' });
  const credentials = useCanAccess({ resource: 'credentials', action: 'list' });
  const { busy, attempt } = useAttempt();
  const [asked, setAsked] = useState<'reset' | 'remove'>();
  const [since, setSince] = useState<string | null>();
  if (!device) return null;
  const { id, credentials_name: name, enabled } = connection;
  const testing = since !== undefined && connection.last_attempt === since;
  const test = () =>
    attempt(async () => {
      await provider.testConnection(device.id, id);
      setSince(connection.last_attempt);
    }).then(onChange);
  const then = (work: () => Promise<unknown>, done: string) =>
    void attempt(work, done).then(() => {
      setAsked(undefined);
      onChange();
    });
  const actions = [
    ...(change.canAccess ? [{ label: enabled ? 'Switch off' : 'Switch on', icon: Power, onDo: () => then(() => provider.changeConnection(device.id, id, { enabled: !enabled }), enabled ? 'It is off' : 'It is on') }] : []),
    ...(change.canAccess && connection.host_key ? [{ label: 'Forget the host key…', icon: KeyRound, onDo: () => setAsked('reset') }] : []),
    ...(remove.canAccess ? [{ label: 'Remove…', icon: Trash2, dangerous: true, onDo: () => setAsked('remove') }] : []),
  ];
  return (
    <li className="c-row">
      <div>
        <div className="c-title">
          <b>{credentials.canAccess ? <Link to={`/credentials/${connection.credentials}`}>{name}</Link> : name}</b>
          <span className="w-muted">{connection.connector}</span>
          <Status {...(testing ? { status: 'waiting', word: 'being tried' } : connectionLook(connection))} />
        </div>
        {connection.failure_reason && <div className="w-secondary">{connection.failure_reason}</div>}
        <div className="c-facts w-small w-muted">
          {connection.last_attempt && (
            <span>
              {say('Tried')}{' '}<Moment at={connection.last_attempt} />
            </span>
          )}
          {connection.description && <span>{connection.description}</span>}
          {connection.host_key && <span className="w-mono">{connection.host_key}</span>}
        </div>
      </div>
      {!locked && (
        <div className="c-actions">
          {change.canAccess && (
            <Button variant="outlined" size="small" disabled={busy || testing} startIcon={<Zap size={14} />} onClick={() => void test()}>
              {say('Test')}
            </Button>
          )}
          {actions.length > 0 && <MoreMenu label={say('More about %{name}', { name })} actions={actions} />}
        </div>
      )}
      {asked === 'reset' && (
        <Ask title="Forget the host key?" verb="Forget it" keep="Keep it" busy={busy} onDo={() => then(() => provider.resetHostKey(device.id, id), 'The next attempt remembers the key of the device anew')} onClose={() => setAsked(undefined)}>
          {say('The next attempt takes whatever key the device has then, and remembers it. Do this after the device was installed anew.')}
        </Ask>
      )}
      {asked === 'remove' && (
        <Ask title={say('Remove %{name}?', { name })} verb="Remove" keep="Keep it" dangerous busy={busy} onDo={() => then(() => provider.removeConnection(device.id, id), 'Removed')} onClose={() => setAsked(undefined)}>
          {say('The device is not reached with these credentials any more. They stay for others.')}
        </Ask>
      )}
    </li>
  );
}

function Add({ used, onChange }: { used: string[]; onChange(): void }) {
  const say = useText();
  const device = useRecordContext<{ id: string; organization: string }>();
  const provider = useDataProvider<ConnectionProvider>();
  const { data = [] } = useGetList<Credentials>('credentials', { pagination: { page: 1, perPage: 100 }, sort: { field: 'name', order: 'ASC' }, filter: {} });
  const [chosen, setChosen] = useState('');
  const { busy, attempt } = useAttempt();
  const offered = data.filter(({ id, organization }) => !used.includes(id) && (organization === null || organization === device?.organization));
  if (!device || offered.length === 0) return null;
  const add = () =>
    attempt(() => provider.addConnection(device.id, chosen), 'Added').then((done) => {
      if (done) setChosen('');
      onChange();
    });
  return (
    <div className="c-add">
      <TextField select label={say('Credentials')} value={chosen} onChange={({ target }) => setChosen(target.value)} fullWidth>
        {offered.map(({ id, name }) => (
          <MenuItem key={id} value={id}>
            {name}
          </MenuItem>
        ))}
      </TextField>
      <Button variant="outlined" disabled={busy || !chosen} onClick={() => void add()}>
        {say('Add connection')}
      </Button>
    </div>
  );
}

/** The tab. */
export default function ConnectionsTab() {
  const say = useText();
  const device = useRecordContext<{ id: string; is_deactivated?: boolean }>();
  const add = useCanAccess({ resource: 'connections', action: 'create' });
  const credentials = useCanAccess({ resource: 'credentials', action: 'list' });
  const { data, error, isPending, refetch } = useReach();
  if (isPending) return <Loading rows={4} onRetry={() => void refetch()} />;
  if (!data) return <Failed reason={error?.message} onRetry={() => void refetch()} />;
  const locked = device?.is_deactivated ?? false;
  const again = () => void refetch();
  return (
    <div className="w-stack">
      <PushCard push={data.push} reachable={!locked && data.connections.some(({ enabled }) => enabled)} onChange={again} />
      {data.channel && (
        <Card title="Channel">
          <p>
            <Status status="ok" word="open" />{' '}{say('The device keeps a channel to the server open: it is reached wherever it is, and hears of changes at once.')}
          </p>
          <p className="c-facts w-small w-muted">
            <span>
              {say('Since')}{' '}<Moment at={data.channel.since} />
            </span>
            <span className="w-mono">{data.channel.address}</span>
            <span>{data.channel.agent}</span>
          </p>
        </Card>
      )}
      <Card title="Connections" flush>
        {data.connections.length === 0 && <Empty title="The device is not reached">{say('Without credentials it finds out what changed when it asks, every few minutes.')}</Empty>}
        <ul className="c-rows">
          {data.connections.map((connection) => (
            <Row key={connection.id} connection={connection} locked={locked} onChange={again} />
          ))}
        </ul>
        {add.canAccess && credentials.canAccess && !locked && <Add used={data.connections.map(({ credentials: id }) => id)} onChange={again} />}
      </Card>
    </div>
  );
}
