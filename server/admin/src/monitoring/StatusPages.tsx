// Status pages: how an organization's network is, for everybody who has the link; the list, and the pages of one.
import { Button } from '@mui/material';
import { BooleanInput, required, TextInput, useCreatePath, useDataProvider, useRecordContext, useRefresh } from 'react-admin';
import { useState } from 'react';
import { useAttempt } from '../connection/attempt';
import { Ask } from '../design/Ask';
import { Card } from '../design/Card';
import { CopyButton } from '../design/Copyable';
import { Moment } from '../design/Moment';
import { MoreMenu } from '../design/MoreMenu';
import { ObjectHeader } from '../design/ObjectHeader';
import { Say } from '../design/Say';
import { Empty } from '../design/states';
import { useText } from '../design/useText';
import { CreatePage, EditPage } from '../forms/EditPage';
import { FormCard, FormProblems, FormToolbar, Locked, useDeletion, useMayChange } from '../forms/FormParts';
import { BulkDelete } from '../lists/BulkDelete';
import type { Column } from '../lists/columns';
import { ListPage } from '../lists/ListPage';
import { RecordLink } from '../lists/RecordLink';
import { Reference } from '../lists/Reference';
import { organizationFilter } from '../tenancy/filters';
import { OrganizationInput } from '../tenancy/references';
import type { StatusPageRecord } from './healthTypes';
import './monitoring.css';

/** What another site puts into its page. */
export function embedOf({ link, title }: Pick<StatusPageRecord, 'link' | 'title'>): string {
  const safe = title.replace(/[&"<>]/g, (c) => `&#${c.charCodeAt(0)};`);
  return `<iframe src="${link}" title="${safe}" width="100%" height="480" loading="lazy" style="border:0"></iframe>`;
}

const columns: Column<StatusPageRecord>[] = [
  { id: 'title', label: 'Title', fixed: true, width: '26%', phone: 'title', cell: (row) => <RecordLink record={row} /> },
  { id: 'organization', label: 'Organization', width: '20%', phone: 'address', cell: ({ organization }) => <Reference resource="organizations" id={organization} /> },
  { id: 'show_names', label: 'Names of devices', width: 150, phone: 'status', cell: ({ show_names }) => (show_names ? 'shown' : 'not shown') },
  { id: 'link', label: 'Link', cell: ({ link }) => <a href={link} target="_blank" rel="noreferrer"><Say text="Open it" /></a> },
  { id: 'modified', label: 'Changed', right: true, width: 120, phone: 'aside', cell: ({ modified }) => <Moment at={modified} /> },
];

/** The list. */
export default function StatusPageList() {
  const say = useText();
  return (
    <ListPage<StatusPageRecord>
      title="Status pages"
      what="status pages"
      columns={columns}
      sort={{ field: 'title', order: 'ASC' }}
      placeholder="Title"
      filters={[{ ...organizationFilter, shown: true }]}
      add="Add a status page"
      bulk={<BulkDelete one="status page" many="status pages" loss="Their links lead nowhere then." />}
      nameOf={({ title }) => title}
      empty={<Empty title="No status pages yet">{say('A status page tells everybody who has its link how the network of an organization is, and what went wrong in the last 30 days.')}</Empty>}
    />
  );
}

function Fields({ create = false }: { create?: boolean }) {
  const change = useMayChange('status-pages');
  return (
    <Locked locked={!create && !change}>
      <FormProblems />
      <FormCard title="Status page">
        <TextInput source="title" label="Title" validate={required()} helperText={false} fullWidth />
        <OrganizationInput source="organization" readOnly={!create} />
        <BooleanInput source="show_names" label="Show the names of devices" helperText="Anybody who has the link can read them" />
      </FormCard>
    </Locked>
  );
}

function Sharing() {
  const say = useText();
  const row = useRecordContext<StatusPageRecord>();
  const provider = useDataProvider();
  const refresh = useRefresh();
  const change = useMayChange('status-pages');
  const { busy, attempt } = useAttempt();
  const [asked, setAsked] = useState(false);
  if (!row) return null;
  const renew = () =>
    void attempt(() => provider.update('status-pages', { id: row.id, data: { new_link: true }, previousData: row }), 'The old link leads nowhere any more').then(() => {
      setAsked(false);
      refresh();
    });
  return (
    <Card
      title="Link"
      note="a secret: anybody who has it can read the page"
      more={
        change && (
          <Button variant="outlined" size="small" onClick={() => setAsked(true)}>
            {say('New link…')}
          </Button>
        )
      }
    >
      <p className="w-link-row">
        <a className="w-mono w-clip" href={row.link} target="_blank" rel="noreferrer">
          {row.link}
        </a>
        <CopyButton text={row.link} label="Link" />
      </p>
      <p className="w-secondary">{say('As a part of another page:')}</p>
      <p className="w-link-row">
        <code className="w-clip">{embedOf(row)}</code>
        <CopyButton text={embedOf(row)} label="Code" />
      </p>
      <p className="w-secondary">
        {say('For programs:')}{' '}<a href={`${row.link}data.json`}>{say('the same as JSON')}</a>
      </p>
      {asked && (
        <Ask title="Make a new link?" verb="Make a new link" keep="Keep the old one" dangerous busy={busy} onDo={renew} onClose={() => setAsked(false)}>
          {say('The link that there is leads nowhere then, also where other sites have put it.')}
        </Ask>
      )}
    </Card>
  );
}

function Header({ row }: { row: StatusPageRecord }) {
  const createPath = useCreatePath();
  const deletion = useDeletion('status page', row.title, 'Its link leads nowhere then.');
  return (
    <>
      <ObjectHeader
        title={row.title}
        above={{ label: 'Status pages', to: createPath({ resource: 'status-pages', type: 'list' }) }}
        actions={<MoreMenu label="More about this status page" actions={deletion.action ? [deletion.action] : []} />}
        facts={
          <span>
            <Reference resource="organizations" id={row.organization} />
          </span>
        }
      />
      {deletion.question}
    </>
  );
}

const body = ({ title, organization, show_names }: Partial<StatusPageRecord>) => ({ title, organization, show_names: show_names ?? false });

/** The page of one. */
export function StatusPageEdit() {
  return (
    <EditPage<StatusPageRecord> what="status page" transform={body} header={(row) => <Header row={row} />} bar={<FormToolbar locked={!useMayChange('status-pages')} />}>
      <div className="w-stack w-form">
        <Fields />
        <Sharing />
      </div>
    </EditPage>
  );
}

/** The page that adds one. */
export function StatusPageCreate() {
  return (
    <CreatePage title="Add a status page" list="Status pages" defaultValues={{ title: '', show_names: false }} transform={body as never} bar={<FormToolbar create verb="Add status page" />}>
      <div className="w-stack w-form">
        <Fields create />
      </div>
    </CreatePage>
  );
}
