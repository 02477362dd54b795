// What was deleted and can come back: devices and templates.
import { Alert, Button } from '@mui/material';
import { Undo2 } from 'lucide-react';
import { useState } from 'react';
import { useCanAccess, useDataProvider, useNotify, useRefresh, useResourceContext } from 'react-admin';
import { Link, useNavigate } from 'react-router-dom';
import { Ask } from '../../design/Ask';
import { Field } from '../../design/Field';
import { Moment } from '../../design/Moment';
import { Empty } from '../../design/states';
import { useText } from '../../design/useText';
import { BulkDelete } from '../../lists/BulkDelete';
import type { Column } from '../../lists/columns';
import { ListPage } from '../../lists/ListPage';
import { Reference } from '../../lists/Reference';
import { organizationFilter } from '../../tenancy/filters';
import type { ControllerProvider } from '../operations';
import type { Deleted } from '../types';
import { backOf, recoveredText } from './words';

function Recover({ row }: { row: Deleted }) {
  const say = useText();
  const resource = useResourceContext() ?? '';
  const { of } = backOf(resource);
  const add = useCanAccess({ resource: of, action: 'create' });
  const [open, setOpen] = useState(false);
  if (!add.canAccess) return null;
  return (
    <>
      <Button size="small" startIcon={<Undo2 size={14} />} onClick={() => setOpen(true)} aria-label={say('Recover %{name}', { name: row.name })}>
        {say('Recover…')}
      </Button>
      {open && <Question row={row} onClose={() => setOpen(false)} />}
    </>
  );
}

function Question({ row, onClose }: { row: Deleted; onClose(): void }) {
  const say = useText();
  const resource = useResourceContext() ?? '';
  const { path, of, what, means } = backOf(resource);
  const provider = useDataProvider<ControllerProvider>();
  const notify = useNotify();
  const refresh = useRefresh();
  const navigate = useNavigate();
  const [name, setName] = useState(row.name);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const run = async () => {
    setBusy(true);
    setProblem(undefined);
    try {
      const back = await provider.recoverDeleted(path, row.id, name.trim());
      notify(recoveredText(what, back), { type: back.left_out.length > 0 ? 'warning' : 'success', autoHideDuration: 8000 });
      refresh();
      onClose();
      navigate(`/${of}/${back.id}`);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      setBusy(false);
    }
  };
  return (
    <Ask title={say('Recover the %{what} %{name}?', { what, name: row.name })} verb={say('Recover the %{what}', { what })} keep="Leave it" busy={busy} blocked={name.trim() === '' && 'It needs a name.'} onDo={() => void run()} onClose={onClose}>
      <div className="w-stack">
        <p style={{ margin: 0 }}>{means}</p>
        <Field label="Name" value={name} onChange={setName} maxLength={64} help="Another one, where somebody else has this name by now" />
        {problem && <Alert severity="error">{problem}</Alert>}
      </div>
    </Ask>
  );
}

const columns: Column<Deleted>[] = [
  { id: 'name', label: 'Name', sort: 'name', fixed: true, width: '26%', phone: 'title', cell: ({ name }) => name },
  { id: 'detail', label: 'MAC address or backend', width: '20%', phone: 'address', cell: ({ detail }) => <span className="w-mono">{detail}</span> },
  { id: 'organization', label: 'Organization', width: '18%', phone: 'status', cell: ({ organization }) => <Reference resource="organizations" id={organization} none="All organizations" /> },
  { id: 'actor', label: 'Deleted by', cell: ({ actor }) => actor },
  { id: 'deleted', label: 'Deleted', sort: 'deleted', right: true, width: 110, phone: 'aside', cell: ({ deleted }) => <Moment at={deleted} /> },
  { id: 'recover', label: 'Recover', hiddenLabel: true, fixed: true, right: true, width: 140, phone: 'note', cell: (row) => <Recover row={row} /> },
];

/** The page. */
export default function DeletedList() {
  const say = useText();
  const { of, what, many } = backOf(useResourceContext() ?? '');
  return (
    <ListPage<Deleted>
      title={say('Deleted %{many}', { many })}
      what={say('deleted %{many}', { many })}
      columns={columns}
      sort={{ field: 'deleted', order: 'DESC' }}
      placeholder="Name, MAC address or who deleted it"
      filters={[{ ...organizationFilter, shown: true }]}
      opens={false}
      actions={
        <Button variant="outlined" component={Link} to={`/${of}`}>
          {say('To the %{many}', { many })}
        </Button>
      }
      bulk={<BulkDelete one={say('deleted %{what}', { what })} many={say('deleted %{many}', { many })} loss="They cannot be recovered any more." />}
      empty={<Empty title={say('No deleted %{many}', { many })}>{say('What is deleted stands here for some time and can be recovered.')}</Empty>}
    />
  );
}
