// The list of organizations.
import { Button } from '@mui/material';
import { useCreatePath } from 'react-admin';
import { Link } from 'react-router-dom';
import { Moment } from '../../design/Moment';
import { Empty } from '../../design/states';
import { Status } from '../../design/Status';
import { useText } from '../../design/useText';
import type { Column } from '../../lists/columns';
import type { Column as Exported } from '../../lists/csv';
import { ExportButton } from '../../lists/ExportButton';
import { ListPage } from '../../lists/ListPage';
import { RecordLink } from '../../lists/RecordLink';
import type { Organization } from '../types';

const columns: Column<Organization>[] = [
  { id: 'name', label: 'Name', sort: 'name', fixed: true, width: '32%', phone: 'title', cell: (organization) => <RecordLink record={organization} /> },
  {
    id: 'is_active',
    label: 'Status',
    width: 140,
    phone: 'status',
    cell: ({ is_active }) => (is_active ? <Status status="ok" word="active" /> : <Status status="off" word="not active" title="Its members and devices have no access" />),
  },
  { id: 'slug', label: 'Slug', sort: 'slug', phone: 'address', cell: ({ slug }) => <span className="w-mono">{slug}</span> },
  { id: 'email', label: 'E-mail', cell: ({ email }) => email },
  { id: 'created', label: 'Added', sort: 'created', hidden: true, right: true, width: 120, cell: ({ created }) => <Moment at={created} /> },
  { id: 'modified', label: 'Changed', sort: 'modified', right: true, width: 120, phone: 'aside', cell: ({ modified }) => <Moment at={modified} /> },
];

const exported: Exported<Organization>[] = (['name', 'slug', 'is_active', 'email', 'url', 'description', 'created', 'modified', 'id'] as const).map((title) => ({
  title,
  of: (organization) => organization[title],
}));

function NoOrganizations() {
  const say = useText();
  const createPath = useCreatePath();
  return (
    <Empty
      title="No organizations yet"
      action={
        <Button variant="contained" component={Link} to={createPath({ resource: 'organizations', type: 'create' })}>
          {say('Create organization')}
        </Button>
      }
    >
      {say('Devices, templates and people belong to organizations.')}
    </Empty>
  );
}

/** The page. */
export default function OrganizationList() {
  return (
    <ListPage<Organization>
      title="Organizations"
      what="organizations"
      columns={columns}
      sort={{ field: 'name', order: 'ASC' }}
      placeholder="Name"
      actions={<ExportButton<Organization> name="organizations" columns={exported} />}
      add="Create organization"
      empty={<NoOrganizations />}
    />
  );
}
