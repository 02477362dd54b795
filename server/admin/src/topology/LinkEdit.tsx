// The page of a link: when it was up, what it cost, what the network and people say of it.
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useCreatePath, useDataProvider, useRecordContext, useResourceContext } from 'react-admin';
import { Link } from 'react-router-dom';
import { Card } from '../design/Card';
import { exactly, Moment } from '../design/Moment';
import { MoreMenu } from '../design/MoreMenu';
import { ObjectHeader } from '../design/ObjectHeader';
import { Failed, Loading } from '../design/states';
import { useText } from '../design/useText';
import { EditPage } from '../forms/EditPage';
import { FormCard, FormProblems, FormToolbar, useDeletion, useMayChange } from '../forms/FormParts';
import { Reference } from '../lists/Reference';
import { Chart } from './Chart';
import { LinkStatus, linkName } from './LinkList';
import type { TopologyProvider } from './operations';
import type { TopologyLink } from './types';
import { UserProperties } from './UserProperties';
import './topology.css';

function Header({ link }: { link: TopologyLink }) {
  const say = useText();
  const resource = useResourceContext();
  const createPath = useCreatePath();
  const deletion = useDeletion('link', linkName(link), 'Its history is deleted with it. If the network still names it, it comes back.');
  return (
    <>
      <ObjectHeader
        title={linkName(link)}
        above={{ label: 'Links', to: createPath({ resource, type: 'list' }) }}
        pill={<LinkStatus status={link.status} />}
        actions={<MoreMenu label="More about this link" actions={deletion.action ? [deletion.action] : []} />}
        facts={
          <>
            <span>
              {say('In')}{' '}
              <Link to={`/topologies/${link.topology}`}>
                <Reference resource="topologies" id={link.topology} title="label" />
              </Link>
            </span>
            <span>
              {say('From')}{' '}<Link to={`/topologyNodes/${link.source}`}>{link.source_name}</Link>
            </span>
            <span>
              {say('To')}{' '}<Link to={`/topologyNodes/${link.target}`}>{link.target_name}</Link>
            </span>
            <span>
              {say('Cost %{value}', { value: Number(link.cost.toPrecision(6)) })}{' '}{link.cost_text && `(${link.cost_text})`}
            </span>
            <span>
              {link.status === 'up' ? say('Up') : say('Down')}{' '}{say('since')}{' '}<Moment at={link.status_changed} />
            </span>
          </>
        }
      />
      {deletion.question}
    </>
  );
}

const stretches = [
  { days: 1, name: 'Day' },
  { days: 7, name: 'Week' },
  { days: 30, name: 'Month' },
  { days: 365, name: 'Year' },
];

function History({ link }: { link: TopologyLink }) {
  const say = useText();
  const provider = useDataProvider<TopologyProvider>();
  const [days, setDays] = useState(7);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the end moves when the link does
  const to = useMemo(() => new Date(), [days, link.modified]);
  const from = new Date(to.getTime() - days * 86_400_000);
  const { data, error, refetch } = useQuery({ queryKey: ['topology', 'link', link.id, days, to.getTime()], queryFn: () => provider.linkHistory(link.id, from.toISOString(), to.toISOString()) });
  const length = to.getTime() - from.getTime();
  return (
    <Card
      title="History"
      more={
        <select aria-label={say('Stretch')} value={days} onChange={(event) => setDays(Number(event.target.value))}>
          {stretches.map((stretch) => (
            <option key={stretch.days} value={stretch.days}>
              {stretch.name}
            </option>
          ))}
        </select>
      }
    >
      {error && <Failed reason={error.message} onRetry={() => void refetch()} />}
      {!data && !error && <Loading rows={3} />}
      {data && data.spans.length === 0 && <p className="w-secondary">{say('Nothing is known of this time.')}</p>}
      {data && data.spans.length > 0 && (
        <div className="w-stack">
          <p className="w-numbers">
            {say('Up %{value} % of the time it was known, went down %{flaps}', { value: (100 * data.up).toFixed(data.up > 0.999 && data.up < 1 ? 3 : 1), flaps: data.flaps })}{' '}{data.flaps === 1 ? say('time') : say('times')}
            {data.truncated && say('; more happened than is shown')}
          </p>
          <div className="tp-spans" role="img" aria-label={data.spans.map(({ from: begin, status }) => say('%{status} from %{value}', { status, value: exactly(new Date(begin)) })).join(', ')}>
            <i style={{ width: `${(100 * (Date.parse(data.spans[0].from) - from.getTime())) / length}%` }} />
            {data.spans.map(({ from: begin, to: end, status }) => (
              <i key={begin} data-status={status} title={say('%{status}: %{value} to %{value2}', { status, value: exactly(new Date(begin)), value2: exactly(new Date(end)) })} style={{ width: `${(100 * (Date.parse(end) - Date.parse(begin))) / length}%` }} />
            ))}
          </div>
          {data.costs.length > 1 && (
            <Chart label="Cost" from={from.getTime()} to={to.getTime()} lines={[{ name: 'cost', colour: 'var(--w-chart-1)', step: true, points: data.costs.map(({ at, cost }) => [Date.parse(at), cost]) }]} />
          )}
        </div>
      )}
    </Card>
  );
}

function Contents() {
  const link = useRecordContext<TopologyLink>();
  const locked = !useMayChange('topologyLinks');
  if (!link) return null;
  return (
    <div className="w-stack">
      <History link={link} />
      <FormCard title="User properties">
        <FormProblems />
        <UserProperties locked={locked} key={link.modified} />
      </FormCard>
      <Card title="What the network says">
        <pre className="tp-json">{JSON.stringify(link.properties, null, 2)}</pre>
      </Card>
    </div>
  );
}

const linkBody = ({ user_properties }: Partial<TopologyLink>) => ({ user_properties: user_properties ?? {} });

/** The page. */
export default function LinkEdit() {
  return (
    <EditPage<TopologyLink> what="link" header={(link) => <Header link={link} />} compared={['user_properties']} transform={linkBody as never} bar={<FormToolbar />}>
      <Contents />
    </EditPage>
  );
}
