// The page of a mass upgrade: how far each wave and each device is, live, what was left out, and what people decide.
import { Button, MenuItem, TextField } from '@mui/material';
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { Waves, X } from 'lucide-react';
import { useState } from 'react';
import { EditBase, useCanAccess, useDataProvider, useRecordContext } from 'react-admin';
import { Link } from 'react-router-dom';
import { useAttempt } from '../connection/attempt';
import { Ask } from '../design/Ask';
import { Banner } from '../design/Banner';
import { Card } from '../design/Card';
import { Moment } from '../design/Moment';
import { ObjectHeader } from '../design/ObjectHeader';
import { Empty, Loading } from '../design/states';
import { StatusPill } from '../design/Status';
import { useText } from '../design/useText';
import { Reference } from '../lists/Reference';
import { useChanges } from '../live/useLive';
import { rolloutLook, through, waveWords } from '../plan/looks';
import type { PlanProvider } from '../plan/operations';
import { Pager } from '../plan/Pager';
import { OperationRow } from './Log';
import { batchLook, operationLook } from './looks';
import type { FirmwareProvider } from './operations';
import type { Batch, OperationStatus } from './types';
import { useBatch } from './useUpgrades';
import '../connection/connection.css';
import '../plan/plan.css';
import './firmware.css';

const over = ['success', 'failed', 'cancelled'];

function Header({ batch, onChange }: { batch: Batch; onChange(): void }) {
  const say = useText();
  const provider = useDataProvider<FirmwareProvider>();
  const change = useCanAccess({ resource: 'massupgrades', action: 'edit' });
  const { busy, attempt } = useAttempt();
  const [asked, setAsked] = useState(false);
  const { category_relation: category, version } = batch.build;
  return (
    <>
      <ObjectHeader
        title={`${category.name} ${version}`}
        above={{ label: 'Mass upgrades', to: '/massupgrades' }}
        pill={<StatusPill {...batchLook(batch.status)} />}
        actions={
          <>
            {batch.rollout && (
              <Button variant="outlined" component={Link} to={`/rollouts/${batch.rollout}`} startIcon={<Waves size={16} />}>
                {say('Decide about waves')}
              </Button>
            )}
            {!over.includes(batch.status) && change.canAccess && (
              <Button variant="outlined" color="error" startIcon={<X size={16} />} onClick={() => setAsked(true)}>
                {say('Cancel…')}
              </Button>
            )}
          </>
        }
        facts={
          <>
            <span>
              <Link to={`/firmwarebuilds/${batch.build.id}`}>{say('its build')}</Link>
            </span>
            <span>
              <Reference resource="organizations" id={category.organization} none="all organizations" />
            </span>
            {batch.group && (
              <span>
                {say('group')}{' '}<Reference resource="groups" id={batch.group} />
              </span>
            )}
            {batch.location && (
              <span>
                {say('at')}{' '}<Reference resource="locations" id={batch.location} />
              </span>
            )}
            {batch.actor && <span>{say('by %{actor}', { actor: batch.actor })}</span>}
            <span>
              <Moment at={batch.created} />
            </span>
          </>
        }
      />
      {asked && (
        <Ask
          title="Cancel this mass upgrade?"
          verb="Cancel it"
          keep="Let it go on"
          dangerous
          busy={busy}
          onDo={() =>
            void attempt(() => provider.cancelFirmwareBatch(batch.id)).then(() => {
              setAsked(false);
              onChange();
            })
          }
          onClose={() => setAsked(false)}
        >
          {say('What waits does not begin any more. Devices that are being flashed go on; those that were upgraded keep it.')}
        </Ask>
      )}
    </>
  );
}

function Progress({ batch }: { batch: Batch }) {
  const say = useText();
  const { total, success, failed, aborted, cancelled, running, waiting, pending, skipped } = batch.counts;
  const done = success + failed + aborted + cancelled;
  const parts = [
    [success, 'upgraded'], [failed, 'failed'], [aborted, 'aborted'], [cancelled, 'cancelled'], [running, 'under way'], [pending, 'not reached yet'], [waiting, 'waiting'], [skipped, 'left out'],
  ] as const;
  return (
    <Card title="Progress" note={say('%{done} of %{total}', { done: done.toLocaleString(), total: total.toLocaleString() })}>
      <div className="f-bar">
        <progress max={Math.max(total, 1)} value={total === 0 ? (over.includes(batch.status) ? 1 : 0) : done} aria-label={say('Progress')} />
        <p role="status" className="w-secondary">
          {parts.filter(([n]) => n > 0).map(([n, word]) => `${n.toLocaleString()} ${word}`).join(' · ') || say('Nothing is done yet.')}
        </p>
      </div>
    </Card>
  );
}

/** The waves of the rollout that carries it out. */
function WaveCard({ id }: { id: string }) {
  const say = useText();
  const provider = useDataProvider<PlanProvider>();
  const queries = useQueryClient();
  const see = useCanAccess({ resource: 'rollouts', action: 'show' });
  const { data } = useQuery({ queryKey: ['rollouts', 'one', id], queryFn: () => provider.rollout(id), refetchInterval: 5_000, enabled: see.canAccess === true });
  useChanges('rollout.rollout', () => void queries.invalidateQueries({ queryKey: ['rollouts'] }), id);
  if (!data) return null;
  const ended = ['done', 'cancelled', 'rolled_back'].includes(data.status);
  return (
    <>
      {data.reason && !ended && (
        <Banner
          status={rolloutLook(data.status).status}
          title={data.reason}
          actions={
            <Button component={Link} to={`/rollouts/${id}`} size="small" variant="outlined">
              {say('Decide')}
            </Button>
          }
        >
          {data.status === 'stopped' ? say('The wave was stopped: no other device is begun until somebody decides.') : undefined}
        </Banner>
      )}
      <Card title="Waves" note={rolloutLook(data.status).word} flush>
        {(data.progress ?? []).map((wave) => (
          <div key={wave.wave} className="p-wave" aria-current={wave.wave === data.wave && !ended ? 'step' : undefined}>
            <div className="c-title">
              <b>{say('Wave %{wave}', { wave: wave.wave + 1 })}</b>
              <span className="w-secondary">{wave.size === 1 ? say('1 device') : say('%{size} devices', { size: wave.size.toLocaleString() })}</span>
            </div>
            <progress max={Math.max(wave.size, 1)} value={wave.size === 0 ? 1 : through(wave)} aria-label={say('Wave %{wave}', { wave: wave.wave + 1 })} />
            <span role="status">{waveWords(wave)}</span>
          </div>
        ))}
      </Card>
    </>
  );
}

const statuses: OperationStatus[] = ['in-progress', 'pending', 'success', 'failed', 'aborted', 'cancelled'];

function Devices({ batch }: { batch: Batch }) {
  const say = useText();
  const provider = useDataProvider<FirmwareProvider>();
  const [page, setPage] = useState(1);
  const [status, setStatus] = useState('');
  const { data, isPending, refetch } = useQuery({
    queryKey: ['massupgrades', 'operations', batch.id, page, status],
    queryFn: () => provider.batchOperations(batch.id, page, status || undefined),
    placeholderData: keepPreviousData,
  });
  return (
    <Card title="Devices" note={data?.count.toLocaleString()} flush>
      <div style={{ padding: '8px 16px' }}>
        <TextField
          select
          size="small"
          label={say('Status')}
          value={status}
          onChange={({ target }) => {
            setStatus(target.value);
            setPage(1);
          }}
          slotProps={{ select: { displayEmpty: true }, inputLabel: { shrink: true } }}
          sx={{ minWidth: 200, maxWidth: 280 }}
        >
          <MenuItem value="">{say('any')}</MenuItem>
          {statuses.map((one) => (
            <MenuItem key={one} value={one}>
              {operationLook({ status: one, waiting: false }).word}
            </MenuItem>
          ))}
        </TextField>
      </div>
      {isPending && <Loading rows={3} />}
      {data?.count === 0 && <Empty title="None">{status ? say('No device is like this.') : say('The devices stand here when it begins.')}</Empty>}
      <ul className="c-rows">
        {data?.results.map((operation) => (
          <OperationRow
            key={operation.id}
            operation={operation}
            onChange={() => void refetch()}
            title={
              <Link to={`/devices/${operation.device}/firmware`}>
                <Reference resource="devices" id={operation.device} none="a device" />
              </Link>
            }
          />
        ))}
      </ul>
      <Pager of="devices" count={data?.count ?? 0} page={page} onPage={setPage} />
    </Card>
  );
}

function LeftOut({ skipped }: { skipped: Record<string, string> }) {
  const say = useText();
  const by = new Map<string, string[]>();
  for (const [device, why] of Object.entries(skipped)) by.set(why, [...(by.get(why) ?? []), device]);
  if (by.size === 0) return null;
  return (
    <Card title="Left out" note={Object.keys(skipped).length.toLocaleString()} flush>
      {[...by].map(([why, devices]) => (
        <div key={why} className="f-why">
          <b>{why}</b>
          <ul className="f-names">
            {devices.slice(0, 30).map((id) => (
              <li key={id}>
                <Link to={`/devices/${id}`}>
                  <Reference resource="devices" id={id} />
                </Link>
              </li>
            ))}
            {devices.length > 30 && <li className="w-muted">{say('and %{value} more', { value: (devices.length - 30).toLocaleString() })}</li>}
          </ul>
        </div>
      ))}
    </Card>
  );
}

function Whole({ first }: { first: Batch }) {
  const say = useText();
  const { data = first, refetch } = useBatch(first.id);
  return (
    <div className="w-edit">
      <Header batch={data} onChange={() => void refetch()} />
      <div className="w-edit-contents">
        <div className="w-stack">
          {data.problem && <Banner status="critical" title={data.problem} />}
          {data.status === 'scheduled' && (
            <Banner status="unknown" title="It begins at its time">
              <Moment at={data.scheduled_at} exact />{say('. Which devices it reaches is found out then.')}
            </Banner>
          )}
          <Progress batch={data} />
          {data.rollout && <WaveCard id={data.rollout} />}
          <Devices batch={data} />
          <LeftOut skipped={data.skipped ?? {}} />
        </div>
      </div>
    </div>
  );
}

function Page() {
  const batch = useRecordContext<Batch>();
  return batch ? <Whole first={batch} /> : <Loading />;
}

/** The page. */
export default function UpgradeEdit() {
  return (
    <EditBase queryOptions={{ meta: { detail: true } }}>
      <Page />
    </EditBase>
  );
}
