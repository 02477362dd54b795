// The page of a terminal: who opened it, and its recording, played.
import { Button } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import type { Terminal } from '@xterm/xterm';
import { Download, Play, Square, Trash2 } from 'lucide-react';
import { useRef, useState } from 'react';
import { EditBase, useCanAccess, useDataProvider, useRecordContext, useRedirect, useRefresh } from 'react-admin';
import { Ask } from '../design/Ask';
import { Card } from '../design/Card';
import { Moment } from '../design/Moment';
import { ObjectHeader } from '../design/ObjectHeader';
import { Empty, Failed, Loading } from '../design/states';
import { StatusPill } from '../design/Status';
import { useText } from '../design/useText';
import { Reference } from '../lists/Reference';
import { useAttempt } from './attempt';
import { terminalLook } from './looks';
import type { ConnectionProvider } from './operations';
import { Screen } from './Screen';
import { type Cast, readCast } from './terminals';
import type { TerminalSession } from './types';

/** Plays a recording from its beginning. */
function Player({ cast }: { cast: Cast }) {
  const say = useText();
  const [running, setRunning] = useState(false);
  const terminal = useRef<Terminal>(undefined);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const show = (from: number) => {
    const event = cast.events[from];
    if (!event || !terminal.current) {
      setRunning(false);
      return;
    }
    if (event.size) terminal.current.resize(event.size.cols, event.size.rows);
    if (event.shown) terminal.current.write(event.shown);
    const next = cast.events[from + 1];
    timer.current = setTimeout(() => show(from + 1), next ? (next.at - event.at) * 1000 : 0);
  };
  const stop = () => {
    clearTimeout(timer.current);
    setRunning(false);
  };
  const play = () => {
    stop();
    terminal.current?.reset();
    terminal.current?.resize(cast.cols, cast.rows);
    setRunning(true);
    show(0);
  };
  return (
    <>
      <div className="c-scroll">
        <Screen
          label="Recording"
          size={{ cols: cast.cols, rows: cast.rows }}
          onReady={(made) => {
            terminal.current = made;
            // how it ended is what most people look for
            for (const { shown, size } of cast.events) {
              if (size) made.resize(size.cols, size.rows);
              if (shown) made.write(shown);
            }
            return () => clearTimeout(timer.current);
          }}
        />
      </div>
      <div className="c-actions">
        {running ? (
          <Button variant="outlined" startIcon={<Square size={14} />} onClick={stop}>
            {say('Stop')}
          </Button>
        ) : (
          <Button variant="contained" startIcon={<Play size={14} />} onClick={play}>
            {say('Play')}
          </Button>
        )}
        <span className="w-small w-muted">{say('%{number} s without long pauses', { number: Math.ceil(cast.length) })}</span>
      </div>
    </>
  );
}

function Page() {
  const say = useText();
  const record = useRecordContext<TerminalSession>();
  const provider = useDataProvider<ConnectionProvider>();
  const redirect = useRedirect();
  const refresh = useRefresh();
  const add = useCanAccess({ resource: 'terminals', action: 'create' });
  const remove = useCanAccess({ resource: 'terminals', action: 'delete' });
  const { busy, attempt } = useAttempt();
  const [asked, setAsked] = useState(false);
  const query = useQuery({ queryKey: ['terminals', 'recording', record?.id, record?.size], queryFn: () => provider.recording(record?.id ?? ''), enabled: record !== undefined });
  if (!record) return <Loading rows={4} />;
  const cast = query.data === undefined ? undefined : readCast(query.data);
  return (
    <div className="w-edit">
      <ObjectHeader
        title={say('Terminal of %{actor}', { actor: record.actor })}
        above={{ label: 'Terminals', to: '/terminals' }}
        pill={<StatusPill {...terminalLook(record.state)} />}
        actions={
          <>
            <Button variant="outlined" startIcon={<Download size={16} />} href={`/api/v1/controller/terminal/${record.id}/recording/`}>
              {say('Download')}
            </Button>
            {record.state !== 'ended' && add.canAccess && (
              <Button variant="outlined" color="error" disabled={busy} startIcon={<Square size={16} />} onClick={() => void attempt(() => provider.endTerminal(record.id), 'It ends within some seconds').then(refresh)}>
                {say('End')}
              </Button>
            )}
            {record.state === 'ended' && remove.canAccess && (
              <Button variant="outlined" color="error" startIcon={<Trash2 size={16} />} onClick={() => setAsked(true)}>
                {say('Delete…')}
              </Button>
            )}
          </>
        }
        facts={
          <>
            <Reference resource="devices" id={record.device} none="" />
            <span>
              {say('opened')}{' '}<Moment at={record.created} />{' '}{say('from')}{' '}<span className="w-mono">{record.address}</span>
            </span>
            {record.reason && <span>{record.reason}</span>}
          </>
        }
      />
      <div className="w-edit-contents">
      <Card title="Recording">
        {query.isPending && <Loading rows={6} />}
        {query.error && <Failed reason={query.error.message} onRetry={() => void query.refetch()} />}
        {cast && cast.events.length === 0 && <Empty title="Nothing was shown">{say('The terminal ended before the device wrote anything.')}</Empty>}
        {cast && cast.events.length > 0 && <Player key={record.size} cast={cast} />}
      </Card>
      </div>
      {asked && (
        <Ask
          title="Delete the recording?"
          verb="Delete"
          keep="Keep it"
          dangerous
          busy={busy}
          onDo={() => void attempt(() => provider.delete('terminals', { id: record.id, previousData: record }), 'Deleted').then((done) => done && redirect('/terminals'))}
          onClose={() => setAsked(false)}
        >
          {say('What was shown cannot be seen any more. That there was a terminal stays in the audit trail.')}
        </Ask>
      )}
    </div>
  );
}

/** The page. */
export default function TerminalShow() {
  return (
    <EditBase mutationMode="pessimistic" redirect={false}>
      <Page />
    </EditBase>
  );
}
