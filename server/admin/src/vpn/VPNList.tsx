// The list of VPN servers.
import { Button } from '@mui/material';
import { Wand2 } from 'lucide-react';
import { useCanAccess } from 'react-admin';
import { Link } from 'react-router-dom';
import { Moment } from '../design/Moment';
import { Status } from '../design/Status';
import { Empty } from '../design/states';
import { useText } from '../design/useText';
import { BulkDelete } from '../lists/BulkDelete';
import type { Column } from '../lists/columns';
import { ListPage } from '../lists/ListPage';
import { RecordLink } from '../lists/RecordLink';
import { Reference } from '../lists/Reference';
import { organizationFilter } from '../tenancy/filters';
import { backendName, backends, serverLook } from './looks';
import type { VPN } from './types';

const columns: Column<VPN>[] = [
  { id: 'name', label: 'Name', sort: 'name', fixed: true, width: '22%', phone: 'title', cell: (vpn) => <RecordLink record={vpn} title="name" /> },
  { id: 'status', label: 'Status', phone: 'status', width: 190, cell: (vpn) => <Status {...serverLook(vpn)} /> },
  { id: 'backend', label: 'Type', sort: 'backend', phone: 'note', cell: ({ backend }) => backendName(backend) },
  { id: 'host', label: 'Host', sort: 'host', cell: ({ host, hub }) => <span className="w-mono">{hub ? `${host} (here)` : host}</span> },
  { id: 'subnet', label: 'Subnet', cell: ({ subnet_network }) => <span className="w-mono">{subnet_network || '-'}</span> },
  { id: 'clients', label: 'Clients', right: true, width: 90, cell: ({ clients }) => <span className="w-numbers">{clients.toLocaleString()}</span> },
  { id: 'organization', label: 'Organization', cell: ({ organization }) => <Reference resource="organizations" id={organization} none="All organizations" /> },
  { id: 'fetched', label: 'Asked last', right: true, width: 120, phone: 'aside', cell: ({ fetched }) => <Moment at={fetched} /> },
];

function Wizard() {
  const say = useText();
  const { canAccess } = useCanAccess({ resource: 'vpns', action: 'create' });
  if (!canAccess) return null;
  return (
    <Button variant="outlined" component={Link} to="/management-network" startIcon={<Wand2 size={16} />}>
      {say('Management network in one step')}
    </Button>
  );
}

/** The page. */
export default function VPNList() {
  const say = useText();
  return (
    <ListPage<VPN>
      title="VPN servers"
      what="VPN servers"
      columns={columns}
      sort={{ field: 'name', order: 'ASC' }}
      placeholder="Name, host, notes"
      filters={[{ ...organizationFilter, shown: true }, { source: 'backend', label: 'Type', kind: 'choice', choices: backends.map(({ id, name }) => ({ id, name })) }]}
      add="Add VPN server"
      actions={<Wizard />}
      bulk={<BulkDelete one="VPN server" many="VPN servers" loss="The templates that lead to them are deleted too, and devices lose their tunnels." />}
      nameOf={({ name }) => name}
      empty={<Empty title="No VPN servers yet" action={<Wizard />}>{say('A VPN server gives devices addresses at which they are reached, wherever they are.')}</Empty>}
    />
  );
}
