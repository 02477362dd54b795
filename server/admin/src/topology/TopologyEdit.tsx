// The page of a topology: its picture, how many nodes and links it had, and what it is.
import { useQuery } from '@tanstack/react-query';
import { Eye, EyeOff, RefreshCw } from 'lucide-react';
import { useDataProvider, useNotify, useRecordContext, useRefresh, useResourceContext, useCreatePath } from 'react-admin';
import { Link } from 'react-router-dom';
import { Banner } from '../design/Banner';
import { Card } from '../design/Card';
import { Moment } from '../design/Moment';
import { MoreMenu } from '../design/MoreMenu';
import { ObjectHeader } from '../design/ObjectHeader';
import { useText } from '../design/useText';
import { EditPage } from '../forms/EditPage';
import { FormToolbar, useDeletion, useMayChange } from '../forms/FormParts';
import { Reference } from '../lists/Reference';
import { useSuperuser } from '../tenancy/managed';
import { Chart } from './Chart';
import { GraphView } from './GraphView';
import type { TopologyProvider } from './operations';
import { TopologyForm, topologyBody } from './TopologyForm';
import { TopologyStatus } from './TopologyList';
import type { Topology } from './types';
import './topology.css';

function useOwn(topology: Topology): boolean {
  const superuser = useSuperuser();
  const change = useMayChange('topologies');
  return change && (superuser || topology.organization !== null);
}

function Header({ topology }: { topology: Topology }) {
  const say = useText();
  const resource = useResourceContext();
  const createPath = useCreatePath();
  const provider = useDataProvider<TopologyProvider>();
  const notify = useNotify();
  const refresh = useRefresh();
  const own = useOwn(topology);
  const deletion = useDeletion('topology', topology.label, 'Its nodes, links and history are deleted with it.');
  const attempt = async (work: () => Promise<string>) => {
    try {
      notify(await work(), { type: 'success' });
      refresh();
    } catch (error) {
      notify(error instanceof Error ? error.message : String(error), { type: 'error', autoHideDuration: 8000 });
    }
  };
  const update = () =>
    attempt(async () => {
      const u = await provider.fetchNow(topology.id);
      const changed = u.nodes_added + u.nodes_changed + u.links_added + u.links_changed + u.links_up + u.links_down;
      return changed === 0 ? say('Nothing is new') : say('%{nodes_added} nodes and %{links_added} links are new, %{links_down} links went down', { nodes_added: u.nodes_added, links_added: u.links_added, links_down: u.links_down });
    });
  const publish = () =>
    attempt(async () => {
      await provider.update('topologies', { id: topology.id, data: { id: topology.id, published: !topology.published }, previousData: topology });
      return topology.published ? 'It is not published any more' : 'It is published';
    });
  const actions = own
    ? [
        ...(topology.strategy === 'fetch' && topology.published ? [{ label: 'Update now', icon: RefreshCw, onDo: () => void update() }] : []),
        { label: topology.published ? 'Unpublish' : 'Publish', icon: topology.published ? EyeOff : Eye, onDo: () => void publish() },
      ]
    : [];
  return (
    <>
      <ObjectHeader
        title={topology.label}
        above={{ label: 'Topologies', to: createPath({ resource, type: 'list' }) }}
        pill={<TopologyStatus topology={topology} />}
        actions={<MoreMenu label="More about this topology" actions={[...actions, ...(deletion.action ? [deletion.action] : [])]} />}
        facts={
          <>
            <span>
              <Reference resource="organizations" id={topology.organization} none="All organizations" />
            </span>
            <span>{topology.parser_label}</span>
            {topology.protocol && (
              <span>
                {topology.protocol} {topology.version}
                {topology.metric && `, ${topology.metric}`}
              </span>
            )}
            <span>
              <Link to={`/topologyNodes?filter=${encodeURIComponent(JSON.stringify({ topology: topology.id }))}`}>{say('%{nodes} nodes', { nodes: topology.nodes.toLocaleString() })}</Link>
            </span>
            <span>
              <Link to={`/topologyLinks?filter=${encodeURIComponent(JSON.stringify({ topology: topology.id }))}`}>{say('%{value} links', { value: (topology.links_up + topology.links_down).toLocaleString() })}</Link>
            </span>
            {topology.published && (
              <span>
                <a href={`/topology/topology/${topology.id}/`} target="_blank" rel="noreferrer">
                  {say('Its own page')}
                </a>
              </span>
            )}
            <span>
              {say('Updated')}{' '}<Moment at={topology.updated} />
            </span>
          </>
        }
      />
      {deletion.question}
    </>
  );
}

function Days({ id }: { id: string }) {
  const say = useText();
  const provider = useDataProvider<TopologyProvider>();
  const { data = [] } = useQuery({ queryKey: ['topology', 'days', id], queryFn: () => provider.days(id), staleTime: 300_000 });
  if (data.length < 2) return null;
  const at = data.map(({ date }) => Date.parse(date));
  return (
    <Card title="Day by day" note={say('%{number} days', { number: data.length })}>
      <Chart
        label="Links up and down, and nodes, by day"
        lines={[
          { name: 'links up', colour: 'var(--w-ok-dot)', points: data.map(({ links_up }, index) => [at[index], links_up]) },
          { name: 'links down', colour: 'var(--w-critical-dot)', points: data.map(({ links_down }, index) => [at[index], links_down]) },
          { name: 'nodes', colour: 'var(--w-chart-2)', points: data.map(({ nodes }, index) => [at[index], nodes]) },
        ]}
      />
    </Card>
  );
}

function Contents() {
  const topology = useRecordContext<Topology>();
  const own = useOwn(topology ?? ({ organization: null } as Topology));
  if (!topology) return null;
  return (
    <div className="w-stack">
      {topology.problem.length > 1 && <Banner status="critical" title="The last fetch failed">{topology.problem}</Banner>}
      <Card title="Graph">
        <GraphView id={topology.id} />
      </Card>
      <Days id={topology.id} />
      <div className="w-form">
        <TopologyForm locked={!own} topology={topology} />
      </div>
    </div>
  );
}

/** The page. */
export default function TopologyEdit() {
  return (
    <EditPage<Topology> what="topology" header={(topology) => <Header topology={topology} />} compared={['label', 'organization', 'parser', 'strategy', 'url', 'key', 'expiration_time', 'published']} transform={topologyBody as never} bar={<FormToolbar />}>
      <Contents />
    </EditPage>
  );
}
