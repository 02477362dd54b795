// The list of groups of devices.
import { Button } from '@mui/material';
import { useCreatePath } from 'react-admin';
import { Link } from 'react-router-dom';
import { Moment } from '../../design/Moment';
import { Empty } from '../../design/states';
import { useText } from '../../design/useText';
import { BulkDelete } from '../../lists/BulkDelete';
import type { Column } from '../../lists/columns';
import type { Filter } from '../../lists/filters';
import { ListPage } from '../../lists/ListPage';
import { RecordLink } from '../../lists/RecordLink';
import { Reference } from '../../lists/Reference';
import { organizationFilter } from '../../tenancy/filters';
import type { DeviceGroup } from '../types';
import { DevicesIn } from './DevicesIn';

const filters: Filter[] = [
  { ...organizationFilter, shown: true },
  { source: 'has_devices', label: 'Has devices', kind: 'yesno' },
];

const columns: Column<DeviceGroup>[] = [
  { id: 'name', label: 'Name', sort: 'name', fixed: true, width: '30%', phone: 'title', cell: (group) => <RecordLink record={group} /> },
  { id: 'organization', label: 'Organization', width: '20%', phone: 'status', cell: ({ organization }) => <Reference resource="organizations" id={organization} /> },
  { id: 'description', label: 'Description', width: '25%', cell: ({ description }) => description },
  { id: 'templates', label: 'Templates', right: true, width: 96, cell: ({ templates }) => templates.length },
  { id: 'devices', label: 'Devices', right: true, width: 96, phone: 'aside', cell: ({ id, devices }) => <DevicesIn group={id} count={devices ?? 0} bare /> },
  { id: 'created', label: 'Added', sort: 'created', hidden: true, right: true, width: 110, cell: ({ created }) => <Moment at={created} /> },
  { id: 'modified', label: 'Changed', sort: 'modified', right: true, width: 120, cell: ({ modified }) => <Moment at={modified} /> },
];

function NoGroups() {
  const say = useText();
  const createPath = useCreatePath();
  return (
    <Empty
      title="No device groups yet"
      action={
        <Button variant="contained" component={Link} to={createPath({ resource: 'devicegroups', type: 'create' })}>
          {say('Add group')}
        </Button>
      }
    >
      {say('A group gives its devices templates and variables.')}
    </Empty>
  );
}

/** The page. */
export default function GroupList() {
  return (
    <ListPage<DeviceGroup>
      title="Device groups"
      what="groups"
      columns={columns}
      sort={{ field: 'name', order: 'ASC' }}
      placeholder="Name, description or metadata"
      filters={filters}
      views={[
        { name: 'All', filter: {} },
        { name: 'Without devices', filter: { has_devices: false } },
      ]}
      add="Add group"
      bulk={<BulkDelete one="group" many="groups" loss="Their devices are in no group then, and keep their templates." />}
      empty={<NoGroups />}
    />
  );
}
