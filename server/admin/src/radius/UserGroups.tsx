// The RADIUS groups of a person: one in each organization, which says what the person may use there.
import { Button, IconButton, MenuItem, TextField, Tooltip } from '@mui/material';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useCanAccess, useDataProvider, useGetList, useNotify, useRecordContext } from 'react-admin';
import { Failed, Loading } from '../design/states';
import { useText } from '../design/useText';
import { FormCard } from '../forms/FormParts';
import { Reference } from '../lists/Reference';
import type { RadiusProvider } from './operations';
import type { RadiusGroup } from './types';
import { groupsFor } from './words';
import './radius.css';

interface Person {
  id: string;
  organization_users?: { organization: string }[];
}

function Add({ choices, busy, onAdd, onCancel }: { choices: RadiusGroup[]; busy: boolean; onAdd(group: string, priority: number): void; onCancel(): void }) {
  const say = useText();
  const [group, setGroup] = useState('');
  const [priority, setPriority] = useState('1');
  const wrong = !/^\d{1,9}$/.test(priority);
  return (
    <div className="r-row">
      <TextField select label={say('Group')} size="small" value={group} onChange={({ target }) => setGroup(target.value)}>
        {choices.map(({ id, name }) => (
          <MenuItem key={id} value={id}>
            {name}
          </MenuItem>
        ))}
      </TextField>
      <TextField label={say('Priority')} size="small" value={priority} error={wrong} onChange={({ target }) => setPriority(target.value)} slotProps={{ htmlInput: { inputMode: 'numeric' } }} />
      <span />
      <span className="r-buttons">
        <Button color="inherit" onClick={onCancel}>
          {say('Cancel')}
        </Button>
        <Button variant="contained" disabled={busy || !group || wrong} onClick={() => onAdd(group, Number(priority))}>
          {say('Add')}
        </Button>
      </span>
    </div>
  );
}

/** The card in the form of a person; each change is sent at once. */
export default function UserGroups() {
  const say = useText();
  const person = useRecordContext<Person>();
  const user = person?.id ?? '';
  const provider = useDataProvider<RadiusProvider>();
  const client = useQueryClient();
  const notify = useNotify();
  const mayAdd = useCanAccess({ resource: 'radius_groups', action: 'create' }).canAccess;
  const mayDelete = useCanAccess({ resource: 'radius_groups', action: 'delete' }).canAccess;
  const [adding, setAdding] = useState(false);
  const [busy, setBusy] = useState(false);
  const queryKey = ['radius', 'groups of', user];
  const { data, error, isPending, refetch } = useQuery({ queryKey, queryFn: () => provider.userGroups(user), enabled: user !== '' });
  const { data: groups = [] } = useGetList<RadiusGroup>('radiusgroups', { pagination: { page: 1, perPage: 100 }, sort: { field: 'name', order: 'ASC' } });
  const run = async (work: () => Promise<unknown>) => {
    setBusy(true);
    try {
      await work();
      setAdding(false);
      await client.invalidateQueries({ queryKey });
    } catch (failure) {
      notify(failure instanceof Error ? failure.message : String(failure), { type: 'error' });
    }
    setBusy(false);
  };
  if (isPending) return <Loading rows={1} onRetry={() => void refetch()} />;
  if (error) return <Failed reason={error.message} onRetry={() => void refetch()} />;
  const choices = groupsFor(groups, person?.organization_users?.map(({ organization }) => organization) ?? [], data);
  return (
    <FormCard title="RADIUS groups">
      {data.length === 0 && <p className="w-secondary">{say('No group: nothing is limited, and new sessions have none.')}</p>}
      {data.length > 0 && (
        <ul className="w-rows">
          {data.map(({ id, group, priority }) => {
            const name = groups.find((one) => one.id === group)?.name ?? group;
            return (
              <li key={id}>
                <span className="w-medium w-grow w-clip">
                  <Reference resource="radiusgroups" id={group} none="unknown" />
                </span>
                <span className="w-secondary">{say('priority %{priority}', { priority })}</span>
                {mayDelete && (
                  <Tooltip title={say('Remove from the group')}>
                    <IconButton size="small" aria-label={say('Remove from %{name}', { name })} disabled={busy} onClick={() => void run(() => provider.leaveGroup(user, id))}>
                      <Trash2 size={16} />
                    </IconButton>
                  </Tooltip>
                )}
              </li>
            );
          })}
        </ul>
      )}
      {adding && <Add choices={choices} busy={busy} onAdd={(group, priority) => void run(() => provider.joinGroup(user, group, priority))} onCancel={() => setAdding(false)} />}
      {mayAdd && !adding && choices.length > 0 && (
        <Button startIcon={<Plus size={16} />} onClick={() => setAdding(true)}>
          {say('Add to a group')}
        </Button>
      )}
    </FormCard>
  );
}
