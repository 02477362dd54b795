// The list of templates.
import { Button } from '@mui/material';
import { Undo2 } from 'lucide-react';
import { useCreatePath } from 'react-admin';
import { Link } from 'react-router-dom';
import { Moment } from '../../design/Moment';
import { Empty } from '../../design/states';
import { BulkDelete } from '../../lists/BulkDelete';
import type { Column } from '../../lists/columns';
import type { Filter } from '../../lists/filters';
import { ListPage } from '../../lists/ListPage';
import { RecordLink } from '../../lists/RecordLink';
import { Reference } from '../../lists/Reference';
import { organizationFilter } from '../../tenancy/filters';
import { backendLabel, backends } from '../backends';
import type { Template } from '../types';
import { templateTypes } from './TemplateForm';
import { useText } from '../../design/useText';
import { UsedBy } from './UsedBy';

const filters: Filter[] = [
  { ...organizationFilter, shown: true },
  { source: 'type', label: 'Type', kind: 'choice', choices: templateTypes },
  { source: 'backend', label: 'Backend', kind: 'choice', choices: backends },
  { source: 'required', label: 'Required', kind: 'yesno' },
  { source: 'default', label: 'Default', kind: 'yesno' },
  { source: 'created__gte', label: 'Added from', kind: 'time' },
  { source: 'created__lt', label: 'Added before', kind: 'time' },
];

/** How a template comes to devices. */
function given(template: Template): string {
  return template.required ? 'required' : template.default ? 'default' : 'when chosen';
}

function Given({ template }: { template: Template }) {
  return <span className="w-tag">{useText()(given(template))}</span>;
}

const columns: Column<Template>[] = [
  { id: 'name', label: 'Name', sort: 'name', fixed: true, width: '30%', phone: 'title', cell: (template) => <RecordLink record={template} /> },
  { id: 'organization', label: 'Organization', width: '20%', phone: 'status', cell: ({ organization }) => <Reference resource="organizations" id={organization} none="All organizations" /> },
  { id: 'given', label: 'Given to devices', sort: 'required', width: 140, phone: 'address', cell: (template) => <Given template={template} /> },
  { id: 'used', label: 'Devices', right: true, width: 96, phone: 'aside', cell: ({ id, devices }) => <UsedBy template={id} count={devices ?? 0} bare /> },
  { id: 'type', label: 'Type', sort: 'type', hidden: true, width: 110, cell: ({ type }) => templateTypes.find(({ id }) => id === type)?.name },
  { id: 'backend', label: 'Backend', sort: 'backend', width: 110, cell: ({ backend }) => backendLabel(backend) },
  { id: 'created', label: 'Added', sort: 'created', hidden: true, right: true, width: 110, cell: ({ created }) => <Moment at={created} /> },
  { id: 'modified', label: 'Changed', sort: 'modified', right: true, width: 120, cell: ({ modified }) => <Moment at={modified} /> },
];

function NoTemplates() {
  const createPath = useCreatePath();
  const say = useText();
  return (
    <Empty
      title="No templates yet"
      action={
        <Button variant="contained" component={Link} to={createPath({ resource: 'templates', type: 'create' })}>
          {say('Create template')}
        </Button>
      }
    >
      {say('A template holds configuration that many devices share.')}
    </Empty>
  );
}

/** The page. */
export default function TemplateList() {
  const say = useText();
  return (
    <ListPage<Template>
      title="Templates"
      what="templates"
      columns={columns}
      sort={{ field: 'name', order: 'ASC' }}
      placeholder="Name or notes"
      filters={filters}
      views={[
        { name: 'All', filter: {} },
        { name: 'Required', filter: { required: true } },
        { name: 'Default', filter: { default: true } },
      ]}
      actions={
        <Button variant="outlined" component={Link} to="/deletedtemplates" startIcon={<Undo2 size={16} />}>
          {say('Deleted')}
        </Button>
      }
      add="Create template"
      bulk={<BulkDelete one="template" many="templates" loss="Devices that have them get a configuration without them." />}
      empty={<NoTemplates />}
    />
  );
}
