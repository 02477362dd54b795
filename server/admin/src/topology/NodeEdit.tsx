// The page of a node: its addresses, its links, what the network and people say of it.
import { TextInput, useCreatePath, useGetList, useRecordContext, useResourceContext } from 'react-admin';
import { Link } from 'react-router-dom';
import { Card } from '../design/Card';
import { Moment } from '../design/Moment';
import { MoreMenu } from '../design/MoreMenu';
import { ObjectHeader } from '../design/ObjectHeader';
import { useText } from '../design/useText';
import { EditPage } from '../forms/EditPage';
import { FormCard, FormProblems, FormToolbar, useDeletion, useMayChange } from '../forms/FormParts';
import { Reference } from '../lists/Reference';
import { LinkStatus } from './LinkList';
import type { TopologyLink, TopologyNode } from './types';
import { UserProperties } from './UserProperties';
import './topology.css';

function Header({ node }: { node: TopologyNode }) {
  const say = useText();
  const resource = useResourceContext();
  const createPath = useCreatePath();
  const deletion = useDeletion('node', node.display_name, 'Its links are deleted with it. If the network still names it, it comes back.');
  return (
    <>
      <ObjectHeader
        title={node.display_name || 'Node without a name'}
        above={{ label: 'Nodes', to: createPath({ resource, type: 'list' }) }}
        actions={<MoreMenu label="More about this node" actions={deletion.action ? [deletion.action] : []} />}
        facts={
          <>
            <span>
              {say('In')}{' '}
              <Link to={`/topologies/${node.topology}`}>
                <Reference resource="topologies" id={node.topology} title="label" />
              </Link>
            </span>
            <span>
              <Reference resource="organizations" id={node.organization} none="All organizations" />
            </span>
            {node.device && (
              <span>
                {say('Device')}{' '}
                <Link to={`/devices/${node.device}`}>
                  <Reference resource="devices" id={node.device} />
                </Link>
              </span>
            )}
            <span>
              {say('Changed')}{' '}<Moment at={node.modified} />
            </span>
          </>
        }
      />
      {deletion.question}
    </>
  );
}

function Links({ node }: { node: TopologyNode }) {
  const say = useText();
  const { data = [], total = 0 } = useGetList<TopologyLink>('topologyLinks', { pagination: { page: 1, perPage: 50 }, sort: { field: 'status', order: 'ASC' }, filter: { node: node.id } });
  return (
    <Card title="Links" note={total.toLocaleString()}>
      {data.length === 0 && <p className="w-secondary">{say('It has none.')}</p>}
      <ul className="w-rows">
        {data.map((link) => (
          <li key={link.id}>
            <Link className="w-grow w-clip" to={`/topologyLinks/${link.id}`}>
              {(link.source === node.id ? link.target_name : link.source_name) || say('of others')}
            </Link>
            <LinkStatus status={link.status} />
            <span className="w-numbers w-muted">{link.cost_text || Number(link.cost.toPrecision(5))}</span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Contents() {
  const say = useText();
  const node = useRecordContext<TopologyNode>();
  const locked = !useMayChange('topologyNodes');
  if (!node) return null;
  return (
    <div className="tp-two">
      <div className="w-stack">
        <FormCard title="Node">
          <FormProblems />
          <TextInput source="label" readOnly={locked} helperText={node.network_label ? say('The network calls it %{network_label}; empty: as the network does', { network_label: node.network_label }) : say('Empty: as the network calls it')} parse={(value: string) => value ?? ''} fullWidth />
        </FormCard>
        <FormCard title="User properties">
          <UserProperties locked={locked} key={node.modified} />
        </FormCard>
        <Card title="What the network says">
          <pre className="tp-json">{JSON.stringify(node.properties, null, 2)}</pre>
        </Card>
      </div>
      <div className="w-stack">
        <Card title="Addresses">
          <div className="tp-addresses w-mono">
            {node.addresses.map((address) => (
              <span key={String(address)}>{String(address)}</span>
            ))}
          </div>
        </Card>
        <Links node={node} />
      </div>
    </div>
  );
}

const nodeBody = ({ label, user_properties }: Partial<TopologyNode>) => ({ label: label ?? '', user_properties: user_properties ?? {} });

/** The page. */
export default function NodeEdit() {
  return (
    <EditPage<TopologyNode> what="node" header={(node) => <Header node={node} />} compared={['label', 'user_properties']} transform={nodeBody as never} bar={<FormToolbar />}>
      <Contents />
    </EditPage>
  );
}
