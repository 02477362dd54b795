// The page of a rollout: how far each wave is, live, which devices failed and why, and what people decide.
import { Button, MenuItem, TextField } from '@mui/material';
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { Pause, Play, Undo2, X } from 'lucide-react';
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
import { Status, StatusPill } from '../design/Status';
import { useText } from '../design/useText';
import { Reference } from '../lists/Reference';
import { useChanges, usePace } from '../live/useLive';
import { rolloutLook, states, stepLook, through, waveWords } from './looks';
import type { Decision, PlanProvider } from './operations';
import { Pager } from './Pager';
import type { Rollout, WaveProgress } from './types';
import '../connection/connection.css';
import './plan.css';

const kind = 'rollout.rollout';

/** The rollout as it is now. */
function useRollout(id: string, first: Rollout) {
  const provider = useDataProvider<PlanProvider>();
  const queries = useQueryClient();
  const pace = usePace(kind, { untold: 5_000 });
  const { data } = useQuery({ queryKey: ['rollouts', 'one', id], queryFn: () => provider.rollout(id), initialData: first, initialDataUpdatedAt: 0, refetchInterval: pace });
  useChanges(kind, () => void queries.invalidateQueries({ queryKey: ['rollouts'] }), id);
  return data;
}

const ended: Rollout['status'][] = ['done', 'cancelled', 'rolled_back'];

/** What is asked before a decision: title, verb, and what follows. */
const questions: Record<'retry' | 'resume' | 'cancel' | 'rollback', { title: string; verb: string; text: string; dangerous?: boolean }> = {
  resume: { title: 'Go on?', verb: 'Go on', text: 'The failures there are so far are accepted, and what gates say of this wave is.' },
  retry: { title: 'Try the failed devices again?', verb: 'Try again', text: 'Devices that failed are begun once more.' },
  cancel: { title: 'Give it up?', verb: 'Give it up', text: 'A plan that is given up is taken back on the devices that have it.', dangerous: true },
  rollback: { title: 'Take it back?', verb: 'Take it back', text: 'Devices go back to the versions before.', dangerous: true },
};

function Header({ rollout }: { rollout: Rollout }) {
  const say = useText();
  const provider = useDataProvider<PlanProvider>();
  const queries = useQueryClient();
  const change = useCanAccess({ resource: 'rollouts', action: 'edit' });
  const { busy, attempt } = useAttempt();
  const [asked, setAsked] = useState<keyof typeof questions>();
  const [wave, setWave] = useState(0);
  const decide = (what: Decision, body?: Record<string, unknown>) =>
    void attempt(() => provider.decideRollout(rollout.id, what, body)).then(() => {
      setAsked(undefined);
      return queries.invalidateQueries({ queryKey: ['rollouts'] });
    });
  const waits = rollout.status === 'paused' || rollout.status === 'stopped';
  const going = !ended.includes(rollout.status) && rollout.status !== 'rolling_back';
  const failed = (rollout.progress ?? []).some(({ states: by }) => (by.failed ?? 0) > 0);
  const question = asked && questions[asked];
  const done = () => {
    if (asked === 'resume') decide('resume', { ignore_gates: true });
    else if (asked === 'retry') decide('resume', { retry: true });
    else if (asked === 'cancel') decide('cancel');
    else decide('rollback', { wave });
  };
  return (
    <>
      <ObjectHeader
        title={rollout.label}
        above={{ label: 'Rollouts', to: '/rollouts' }}
        pill={<StatusPill {...rolloutLook(rollout.status)} />}
        actions={
          change.canAccess && (
            <>
              {rollout.status === 'running' && (
                <Button variant="outlined" disabled={busy} startIcon={<Pause size={16} />} onClick={() => decide('pause')}>
                  {say('Pause')}
                </Button>
              )}
              {waits && failed && (
                <Button variant="outlined" disabled={busy} onClick={() => setAsked('retry')}>
                  {say('Try failed ones again…')}
                </Button>
              )}
              {waits && (
                <Button variant="contained" disabled={busy} startIcon={<Play size={16} />} onClick={() => setAsked('resume')}>
                  {say('Go on…')}
                </Button>
              )}
              {going && (
                <Button variant="outlined" color="error" disabled={busy} startIcon={<Undo2 size={16} />} onClick={() => setAsked('rollback')}>
                  {say('Take back…')}
                </Button>
              )}
              {going && rollout.status !== 'cancelling' && (
                <Button variant="outlined" color="error" disabled={busy} startIcon={<X size={16} />} onClick={() => setAsked('cancel')}>
                  {say('Give up…')}
                </Button>
              )}
            </>
          )
        }
        facts={
          <>
            <span>
              {say('wave %{wave} of %{waves}', { wave: rollout.wave + 1, waves: rollout.waves })}
            </span>
            <span>{say('%{devices} devices', { devices: rollout.devices.toLocaleString() })}</span>
            <span>
              <Reference resource="organizations" id={rollout.organization} none="all organizations" />
            </span>
            {rollout.actor && <span>{say('by %{actor}', { actor: rollout.actor })}</span>}
            <span>
              <Moment at={rollout.created} />
            </span>
            {rollout.kind === 'config.plan' && rollout.subject && (
              <span>
                <Link to={`/plans/${rollout.subject}`}>{say('its plan')}</Link>
              </span>
            )}
          </>
        }
      />
      {question && (
        <Ask title={question.title} verb={question.verb} keep="Leave it" dangerous={question.dangerous} busy={busy} onDo={done} onClose={() => setAsked(undefined)}>
          <p>{question.text}</p>
          {asked === 'rollback' && (
            <TextField select label={say('From')} value={wave} onChange={({ target }) => setWave(Number(target.value))} fullWidth>
              {Array.from({ length: rollout.wave + 1 }, (_, n) => n).map((n) => (
                <MenuItem key={n} value={n}>
                  {n === 0 ? say('Everything') : say('Wave %{n} and those after it', { n: n + 1 })}
                </MenuItem>
              ))}
            </TextField>
          )}
        </Ask>
      )}
    </>
  );
}

function WaveCard({ rollout }: { rollout: Rollout }) {
  const say = useText();
  return (
    <Card title="Waves" note={rollout.next_at && rollout.status === 'running' && rollout.started === null ? <Moment at={rollout.next_at} /> : undefined} flush>
      <div>
        {(rollout.progress ?? []).map((wave: WaveProgress) => (
          <div key={wave.wave} className="p-wave" aria-current={wave.wave === rollout.wave && !ended.includes(rollout.status) ? 'step' : undefined}>
            <div className="c-title">
              <b>{say('Wave %{wave}', { wave: wave.wave + 1 })}</b>
              <span className="w-secondary">{wave.size === 1 ? say('1 device') : say('%{size} devices', { size: wave.size.toLocaleString() })}</span>
            </div>
            <progress max={Math.max(wave.size, 1)} value={wave.size === 0 ? 1 : through(wave)} aria-label={say('Wave %{wave}', { wave: wave.wave + 1 })} />
            <span role="status">{waveWords(wave)}</span>
          </div>
        ))}
      </div>
    </Card>
  );
}

function Devices({ rollout }: { rollout: Rollout }) {
  const say = useText();
  const provider = useDataProvider<PlanProvider>();
  const [page, setPage] = useState(1);
  const [state, setState] = useState('');
  const { data, isPending } = useQuery({ queryKey: ['rollouts', 'steps', rollout.id, page, state], queryFn: () => provider.rolloutSteps(rollout.id, page, state || undefined), placeholderData: keepPreviousData });
  return (
    <Card title="Devices" note={data?.count.toLocaleString()} flush>
      <div style={{ padding: '8px 16px' }}>
        <TextField
          select
          size="small"
          label={say('State')}
          value={state}
          onChange={({ target }) => {
            setState(target.value);
            setPage(1);
          }}
          slotProps={{ select: { displayEmpty: true }, inputLabel: { shrink: true } }}
          sx={{ minWidth: 200 }}
        >
          <MenuItem value="">{say('any')}</MenuItem>
          {states.map((one) => (
            <MenuItem key={one} value={one}>
              {stepLook(one).word}
            </MenuItem>
          ))}
        </TextField>
      </div>
      {isPending && <Loading rows={3} />}
      {data?.count === 0 && <Empty title="None">{say('No device is in this state.')}</Empty>}
      <ul className="c-rows">
        {data?.results.map((step) => (
          <li key={step.id} className="c-row">
            <span>
              <Link to={`/devices/${step.device}`}>{step.name || step.device}</Link> <span className="w-secondary">{say('wave %{wave}', { wave: step.wave + 1 })}</span>
              {step.detail && (
                <>
                  <br />
                  <span className="w-secondary">{step.detail}</span>
                </>
              )}
            </span>
            <Status {...stepLook(step.state)} />
          </li>
        ))}
      </ul>
      <Pager of="devices" count={data?.count ?? 0} page={page} onPage={setPage} />
    </Card>
  );
}

function Whole({ first }: { first: Rollout }) {
  const rollout = useRollout(first.id, first);
  return (
    <div className="w-edit">
      <Header rollout={rollout} />
      <div className="w-edit-contents">
        <div className="w-stack">
          {rollout.reason && <Banner status={rolloutLook(rollout.status).status} title={rollout.reason} />}
          <WaveCard rollout={rollout} />
          <Devices rollout={rollout} />
        </div>
      </div>
    </div>
  );
}

function Page() {
  const rollout = useRecordContext<Rollout>();
  return rollout ? <Whole first={rollout} /> : <Loading />;
}

/** The page. */
export default function RolloutEdit() {
  return (
    <EditBase queryOptions={{ meta: { detail: true } }}>
      <Page />
    </EditBase>
  );
}
