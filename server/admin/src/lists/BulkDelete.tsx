// Deletes what is selected, after it was named.
import { Button } from '@mui/material';
import { Trash2 } from 'lucide-react';
import { useState } from 'react';
import { type RaRecord, useCanAccess, useDataProvider, useGetMany, useListContext, useNotify, useRefresh } from 'react-admin';
import { attemptEach, type Outcome } from '../api/dataProvider';
import { Ask, Names } from '../design/Ask';
import { useText } from '../design/useText';

interface BulkDeleteProps {
  one: string;
  many: string;
  /** What goes with them. */
  loss: string;
  title?: string;
}

/** The button. */
export function BulkDelete(props: BulkDeleteProps) {
  const { resource } = useListContext();
  const remove = useCanAccess({ resource, action: 'delete' });
  const say = useText();
  const [open, setOpen] = useState(false);
  if (!remove.canAccess) return null;
  return (
    <>
      <Button color="error" startIcon={<Trash2 size={16} />} onClick={() => setOpen(true)}>
        {say('Delete…')}
      </Button>
      {open && <Question {...props} onClose={() => setOpen(false)} />}
    </>
  );
}

function Question({ one, many, loss, title = 'name', onClose }: BulkDeleteProps & { onClose(): void }) {
  const { resource, selectedIds, onSelect } = useListContext();
  const [ids] = useState(selectedIds);
  const provider = useDataProvider();
  const notify = useNotify();
  const refresh = useRefresh();
  const say = useText();
  const [busy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<Outcome<RaRecord['id']>>();
  const { data = [] } = useGetMany<RaRecord>(resource, { ids });
  const nameOf = (id: RaRecord['id']) => String(data.find((record) => record?.id === id)?.[title] ?? id);
  const what = ids.length === 1 ? `1 ${say(one)}` : `${ids.length.toLocaleString()} ${say(many)}`;
  const run = async () => {
    setBusy(true);
    const result = await attemptEach(ids, (id) => provider.delete(resource, { id }));
    setBusy(false);
    onSelect(result.failed.map(({ item }) => item));
    refresh();
    if (result.failed.length > 0) return setOutcome(result);
    notify(say('%{name} deleted', { name: what }), { type: 'success' });
    onClose();
  };
  if (outcome) {
    return (
      <Ask title={say('%{done} deleted, %{refused} refused', { done: outcome.done.length, refused: outcome.failed.length })} verb="Back to the list" keep="Close" wide onDo={onClose} onClose={onClose}>
        <ul className="w-names">
          {outcome.failed.map(({ item, error }) => (
            <li key={item}>
              <b>{nameOf(item)}</b>: {error instanceof Error ? error.message : String(error)}
            </li>
          ))}
        </ul>
      </Ask>
    );
  }
  return (
    <Ask title={say('Delete %{name}?', { name: what })} verb={say('Delete %{what}', { what })} keep={ids.length === 1 ? 'Keep it' : 'Keep them'} dangerous count={ids.length} busy={busy} onDo={() => void run()} onClose={onClose}>
      <p style={{ marginTop: 0 }}>{say(loss)}</p>
      <Names names={ids.map(nameOf)} />
    </Ask>
  );
}
