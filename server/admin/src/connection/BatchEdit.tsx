// The page of a mass command: how far it is, what devices answered by equal answers, and each of them.
import { Button, IconButton } from '@mui/material';
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { ChevronLeft, ChevronRight, RotateCw, Square } from 'lucide-react';
import { useEffect, useState } from 'react';
import { EditBase, useCanAccess, useDataProvider, useRecordContext, useRedirect } from 'react-admin';
import { Link } from 'react-router-dom';
import { Ask } from '../design/Ask';
import { Card } from '../design/Card';
import { Moment } from '../design/Moment';
import { ObjectHeader } from '../design/ObjectHeader';
import { Empty, Loading } from '../design/states';
import { Status, StatusPill } from '../design/Status';
import { useText } from '../design/useText';
import { Reference } from '../lists/Reference';
import { openLink } from '../live/socket';
import { useAttempt } from './attempt';
import { commandLook } from './looks';
import { type ConnectionProvider, perPage } from './operations';
import type { Batch, Command, Outcome, Progress } from './types';
import './connection.css';

/** How far it is, as the server tells. */
function useProgress(batch: string) {
  const provider = useDataProvider<ConnectionProvider>();
  const queries = useQueryClient();
  const query = useQuery({
    queryKey: ['batchcommands', 'progress', batch],
    queryFn: () => provider.progress(batch),
    refetchInterval: ({ state }) => (state.data?.status === 'in-progress' ? 5_000 : false),
  });
  useEffect(() => {
    const key = ['batchcommands', 'progress', batch];
    const link = openLink({
      path: `/ws/controller/batch-command/${batch}/`,
      onFrame: (frame) => {
        const { type, ...progress } = frame as { type?: string } & Progress;
        if (type === 'batch_status') queries.setQueryData(key, progress);
        else if (type === 'missed') void queries.invalidateQueries({ queryKey: key });
      },
    });
    return () => link.close();
  }, [batch, queries]);
  return query;
}

function Header({ batch, progress }: { batch: Batch; progress?: Progress }) {
  const say = useText();
  const provider = useDataProvider<ConnectionProvider>();
  const redirect = useRedirect();
  const add = useCanAccess({ resource: 'batchcommands', action: 'create' });
  const { busy, attempt } = useAttempt();
  const [asked, setAsked] = useState<'stop' | 'repeat'>();
  const status = progress?.status ?? batch.status;
  const again = (progress?.failed ?? 0) + (progress?.skipped ?? 0);
  const secret = JSON.stringify(batch.input ?? null).includes('********');
  const then = (work: () => Promise<unknown>) => void attempt(work).then(() => setAsked(undefined));
  return (
    <>
      <ObjectHeader
        title={batch.label}
        above={{ label: 'Mass commands', to: '/batchcommands' }}
        pill={<StatusPill {...commandLook(status)} />}
        actions={
          add.canAccess && (
            <>
              {status === 'in-progress' && !progress?.stopped && (
                <Button variant="outlined" color="error" startIcon={<Square size={16} />} onClick={() => setAsked('stop')}>
                  {say('Stop…')}
                </Button>
              )}
              {status === 'failed' && again > 0 && !secret && (
                <Button variant="outlined" startIcon={<RotateCw size={16} />} onClick={() => setAsked('repeat')}>
                  {say('Repeat for %{again}…', { again: again.toLocaleString() })}
                </Button>
              )}
            </>
          )
        }
        facts={
          <>
            <span>{batch.type}</span>
            <span>
              <Reference resource="organizations" id={batch.organization} none="all organizations" />
            </span>
            {progress?.actor && <span>{say('by %{actor}', { actor: progress.actor })}</span>}
            <span>
              <Moment at={batch.created} />
            </span>
          </>
        }
      />
      {asked === 'stop' && (
        <Ask title="Stop it?" verb="Stop" keep="Let it run" dangerous busy={busy} onDo={() => then(() => provider.stopBatch(batch.id))} onClose={() => setAsked(undefined)}>
          {say('What still waits is not run. What runs already goes on.')}
        </Ask>
      )}
      {asked === 'repeat' && (
        <Ask
          title={say('Repeat it for %{again} devices?', { again: again.toLocaleString() })}
          verb="Repeat"
          keep="Do not"
          busy={busy}
          onDo={() => then(async () => redirect('edit', 'batchcommands', await provider.repeatBatch(batch.id)))}
          onClose={() => setAsked(undefined)}
        >
          {say('A new mass command is started for those where it failed, and those that were skipped.')}
        </Ask>
      )}
    </>
  );
}

function Bar({ progress }: { progress: Progress }) {
  const say = useText();
  const { completed, total, success, failed, running, waiting, skipped, stopped } = progress;
  const parts = [say('%{success} done', { success: success.toLocaleString() }), failed && say('%{failed} failed', { failed: failed.toLocaleString() }), running && say('%{running} running', { running: running.toLocaleString() }), waiting && say('%{waiting} waiting', { waiting: waiting.toLocaleString() }), skipped && say('%{skipped} skipped', { skipped: skipped.toLocaleString() }), stopped && 'stopped'];
  return (
    <Card title="Progress" note={say('%{completed} of %{total}', { completed: completed.toLocaleString(), total: total.toLocaleString() })}>
      <div className="c-progress">
        <progress max={Math.max(total, 1)} value={total === 0 ? 1 : completed} aria-label={say('Progress')} />
        <p role="status" className="w-secondary">
          {parts.filter(Boolean).join(' · ')}
        </p>
      </div>
    </Card>
  );
}

function Answers({ batch, progress, chosen, onChoose }: { batch: string; progress?: Progress; chosen?: string; onChoose(digest?: string): void }) {
  const say = useText();
  const provider = useDataProvider<ConnectionProvider>();
  const { data } = useQuery({ queryKey: ['batchcommands', 'outcomes', batch, progress?.completed], queryFn: () => provider.outcomes(batch), placeholderData: keepPreviousData });
  return (
    <Card title="Answers" note="equal ones together" flush>
      {data?.length === 0 && <Empty title="None yet">{say('What devices answer stands here, the answer of most of them first.')}</Empty>}
      <ul className="c-rows">
        {data?.map((outcome: Outcome) => (
          <li key={outcome.status + outcome.digest} className="c-command">
            <div className="c-title">
              <Status {...commandLook(outcome.status)} />
              <b>{outcome.count === 1 ? say('1 device') : say('%{count} devices', { count: outcome.count.toLocaleString() })}</b>
              <button type="button" className="w-link" aria-pressed={chosen === outcome.digest} onClick={() => onChoose(chosen === outcome.digest ? undefined : outcome.digest)}>
                {chosen === outcome.digest ? say('show all devices') : say('which ones')}
              </button>
            </div>
            {outcome.output && (
              <section className="w-code" aria-label={say('Answer')}>
                {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard too */}
                <pre tabIndex={0} className="c-output">
                  {outcome.output}
                </pre>
              </section>
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Each({ batch, progress, digest }: { batch: string; progress?: Progress; digest?: string }) {
  const say = useText();
  const provider = useDataProvider<ConnectionProvider>();
  const [page, setPage] = useState(1);
  useEffect(() => setPage((before) => (digest === undefined ? before : 1)), [digest]);
  const { data, isPending } = useQuery({ queryKey: ['batchcommands', 'commands', batch, page, digest, progress?.completed], queryFn: () => provider.batchCommands(batch, page, digest), placeholderData: keepPreviousData });
  const pages = Math.max(1, Math.ceil((data?.count ?? 0) / perPage));
  return (
    <Card title="Devices" note={data?.count.toLocaleString()} flush>
      {isPending && <Loading rows={3} />}
      <ul className="c-rows">
        {data?.results.map((command: Command) => (
          <li key={command.id} className="c-row">
            <Link to={`/devices/${command.device}/commands`}>
              <Reference resource="devices" id={command.device} />
            </Link>
            <Status {...commandLook(command.status)} />
          </li>
        ))}
      </ul>
      {pages > 1 && (
        <div className="w-pager" style={{ padding: '8px 16px' }} role="navigation" aria-label={say('Pages of devices')}>
          <span>
            {say('Page %{page} of %{pages}', { page, pages })}
          </span>
          <IconButton aria-label={say('Page before')} disabled={page <= 1} onClick={() => setPage(page - 1)}>
            <ChevronLeft size={16} />
          </IconButton>
          <IconButton aria-label={say('Next page')} disabled={page >= pages} onClick={() => setPage(page + 1)}>
            <ChevronRight size={16} />
          </IconButton>
        </div>
      )}
    </Card>
  );
}

function Skipped({ devices }: { devices: Record<string, string[]> }) {
  const all = Object.entries(devices);
  if (all.length === 0) return null;
  return (
    <Card title="Skipped" note={all.length.toLocaleString()} flush>
      <ul className="c-rows">
        {all.slice(0, 100).map(([id, why]) => (
          <li key={id} className="c-row">
            <Link to={`/devices/${id}`}>
              <Reference resource="devices" id={id} />
            </Link>
            <span className="w-secondary">{why.join(' ')}</span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Page() {
  const batch = useRecordContext<Batch>();
  return batch ? <Whole batch={batch} /> : <Loading />;
}

function Whole({ batch }: { batch: Batch }) {
  const { data: progress } = useProgress(batch.id);
  const [digest, setDigest] = useState<string>();
  return (
    <div className="w-edit">
      <Header batch={batch} progress={progress} />
      <div className="w-edit-contents">
        <div className="w-stack">
          {progress && <Bar progress={progress} />}
          {batch.notes && <Card title="Notes">{batch.notes}</Card>}
          <Answers batch={batch.id} progress={progress} chosen={digest} onChoose={setDigest} />
          <Each batch={batch.id} progress={progress} digest={digest} />
          <Skipped devices={batch.skipped_devices} />
        </div>
      </div>
    </div>
  );
}

/** The page. */
export default function BatchEdit() {
  return (
    <EditBase queryOptions={{ meta: { detail: true } }}>
      <Page />
    </EditBase>
  );
}
