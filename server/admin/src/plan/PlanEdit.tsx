// The page of a plan: what it changes, what that would do to which devices, what people say, and how it is applied.
import { Button } from '@mui/material';
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { Check, Play, RefreshCw, Undo2 } from 'lucide-react';
import { useState } from 'react';
import { EditBase, useCanAccess, useDataProvider, useRecordContext } from 'react-admin';
import { Link } from 'react-router-dom';
import { useAttempt } from '../connection/attempt';
import { Banner } from '../design/Banner';
import { Card } from '../design/Card';
import { Moment } from '../design/Moment';
import { ObjectHeader } from '../design/ObjectHeader';
import { Empty, Loading } from '../design/states';
import { StatusPill } from '../design/Status';
import { useText } from '../design/useText';
import { Reference } from '../lists/Reference';
import { useChanges, usePace } from '../live/useLive';
import { ApplyDialog } from './ApplyDialog';
import { Comments } from './Comments';
import { planLook } from './looks';
import type { PlanProvider } from './operations';
import { Pager } from './Pager';
import type { Plan, PlanChange, PlanGroup } from './types';
import '../connection/connection.css';
import './plan.css';

const kind = 'config.plan';

/** The plan as it is now: it is read anew when it changed. */
function usePlan(id: string, first: Plan) {
  const provider = useDataProvider<PlanProvider>();
  const queries = useQueryClient();
  const pace = usePace(kind);
  const { data } = useQuery({
    queryKey: ['plans', 'one', id],
    queryFn: () => provider.plan(id),
    initialData: first,
    initialDataUpdatedAt: 0,
    refetchInterval: ({ state }) => (state.data?.status === 'computing' ? 2_000 : pace),
  });
  useChanges(kind, () => void queries.invalidateQueries({ queryKey: ['plans'] }), id);
  return data;
}

function Header({ plan, onApply }: { plan: Plan; onApply(): void }) {
  const say = useText();
  const provider = useDataProvider<PlanProvider>();
  const queries = useQueryClient();
  const change = useCanAccess({ resource: 'plans', action: 'edit' });
  const { busy, attempt } = useAttempt();
  const then = (work: () => Promise<unknown>) => void attempt(work).then(() => queries.invalidateQueries({ queryKey: ['plans'] }));
  const open = plan.status === 'draft' || plan.status === 'planned';
  return (
    <ObjectHeader
      title={plan.name}
      above={{ label: 'Plans', to: '/plans' }}
      pill={<StatusPill {...planLook(plan.status)} />}
      actions={
        change.canAccess && (
          <>
            {open && (
              <Button variant="outlined" disabled={busy} startIcon={<RefreshCw size={16} />} onClick={() => then(() => provider.computePlan(plan.id))}>
                {plan.computed ? say('Look again') : say('See what it would do')}
              </Button>
            )}
            {plan.status === 'planned' && (
              <Button variant="outlined" disabled={busy} startIcon={plan.signed ? <Undo2 size={16} /> : <Check size={16} />} onClick={() => then(() => provider.signPlan(plan.id, !plan.signed))}>
                {plan.signed ? say('Withdraw approval') : say('Approve')}
              </Button>
            )}
            {plan.status === 'planned' && (
              <Button variant="contained" disabled={busy} startIcon={<Play size={16} />} onClick={onApply}>
                {say('Apply…')}
              </Button>
            )}
          </>
        )
      }
      facts={
        <>
          <span>
            <Reference resource="organizations" id={plan.organization} none="all organizations" />
          </span>
          {plan.actor && <span>{say('by %{actor}', { actor: plan.actor })}</span>}
          <span>
            <Moment at={plan.created} />
          </span>
          {plan.signed_by && <span>{say('approved by %{signed_by}', { signed_by: plan.signed_by })}</span>}
          {plan.rollout && (
            <span>
              <Link to={`/rollouts/${plan.rollout}`}>{say('its rollout')}</Link>
            </span>
          )}
        </>
      }
    />
  );
}

function Numbers({ plan }: { plan: Plan }) {
  if (!plan.computed) return null;
  const rows: [number, string][] = [
    [plan.changed, 'devices change'],
    [plan.invalid, 'cannot be rendered'],
    [plan.away, 'of these are not in touch'],
    [plan.affected - plan.changed - plan.invalid, 'stay as they are'],
  ];
  return (
    <Card title="What it would do" note={<Moment at={plan.computed} />}>
      <dl className="p-numbers">
        {rows.map(([n, words]) => (
          <div key={words}>
            <dt className="w-secondary">{words}</dt>
            <dd>{n.toLocaleString()}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}

/** A difference as of diff -u: what comes, what goes, and what stands around it. */
export function Diff({ text }: { text: string }) {
  const say = useText();
  const look = (line: string) => (line.startsWith('+') ? 'p-added' : line.startsWith('-') ? 'p-removed' : line.startsWith('@@') ? 'p-place' : undefined);
  return (
    <section className="w-code" aria-label={say('Difference')}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard too */}
      <pre tabIndex={0} className="p-diff">
        {text
          .replace(/\n$/, '')
          .split('\n')
          .map((line, n) => (
            <span key={n} className={look(line)}>
              {line === '@@' ? '…' : line}
            </span>
          ))}
      </pre>
    </section>
  );
}

function Groups({ plan }: { plan: Plan }) {
  const say = useText();
  const provider = useDataProvider<PlanProvider>();
  const [page, setPage] = useState(1);
  const { data, isPending } = useQuery({ queryKey: ['plans', 'groups', plan.id, plan.computed, page], queryFn: () => provider.planGroups(plan.id, page), placeholderData: keepPreviousData, enabled: plan.computed !== null });
  if (!plan.computed) return null;
  return (
    <Card title="Differences" note="equal ones together" flush>
      {isPending && <Loading rows={3} />}
      {data?.count === 0 && <Empty title="No device would run anything else">{say('What is stored changes, what devices run does not.')}</Empty>}
      <ul className="c-rows">
        {data?.results.map((group: PlanGroup) => (
          <li key={group.id} className="c-command">
            <div className="c-title">
              <b>{group.count === 1 ? say('1 device') : say('%{count} devices', { count: group.count.toLocaleString() })}</b>
              {group.sample_id && (
                <span>
                  {say('such as')}{' '}<Link to={`/devices/${group.sample_id}`}>{group.sample}</Link>
                </span>
              )}
              {!group.fault && (
                <span className="w-secondary">
                  {say('%{added} lines come, %{removed} go', { added: group.added, removed: group.removed })}
                </span>
              )}
              {group.away > 0 && <span className="w-secondary">{say('%{away} not in touch', { away: group.away.toLocaleString() })}</span>}
            </div>
            {group.fault ? <p className="w-status w-status-critical">{say('Cannot be rendered: %{fault}', { fault: group.fault })}</p> : <Diff text={group.diff} />}
          </li>
        ))}
      </ul>
      <Pager of="differences" count={data?.count ?? 0} page={page} onPage={setPage} />
    </Card>
  );
}

function Changes({ changes }: { changes: PlanChange[] }) {
  const say = useText();
  return (
    <Card title="Changes" note={changes.length.toLocaleString()} flush>
      <ul className="c-rows">
        {changes.map((change) => (
          <li key={`${change.kind} ${change.id ?? JSON.stringify(change.set)}`} className="c-command p-change">
            <div className="c-title">
              <b>{change.name || change.id}</b>
              <span className="w-secondary">
                {change.action} {change.kind}
              </span>
            </div>
            {change.set !== null && change.set !== '' && (
              <details>
                <summary>{say('As it is to be')}</summary>
                <pre className="w-mono">{JSON.stringify(change.set, null, 2)}</pre>
              </details>
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Whole({ first }: { first: Plan }) {
  const say = useText();
  const plan = usePlan(first.id, first);
  const [applying, setApplying] = useState(false);
  return (
    <div className="w-edit">
      <Header plan={plan} onApply={() => setApplying(true)} />
      <div className="w-edit-contents">
        <div className="w-stack">
          {plan.problem && <Banner status="problem" title="It could not be rehearsed">{plan.problem}</Banner>}
          {plan.status === 'computing' && <p role="status">{say('Every device that the changes may touch is being rendered…')}</p>}
          <Numbers plan={plan} />
          <Groups plan={plan} />
          {plan.notes && <Card title="Notes">{plan.notes}</Card>}
          <Changes changes={plan.changes} />
          <Comments plan={plan.id} />
        </div>
      </div>
      {applying && <ApplyDialog plan={plan} onClose={() => setApplying(false)} />}
    </div>
  );
}

function Page() {
  const plan = useRecordContext<Plan>();
  return plan ? <Whole first={plan} /> : <Loading />;
}

/** The page. */
export default function PlanEdit() {
  return (
    <EditBase queryOptions={{ meta: { detail: true } }}>
      <Page />
    </EditBase>
  );
}
