// Filters with a name, as chips above a list: those every network has, and those a person has saved.
import { Button, Popover } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { Bookmark, X } from 'lucide-react';
import { useState } from 'react';
import { useDataProvider, useListContext, useStore } from 'react-admin';
import { Field } from '../design/Field';
import { useText } from '../design/useText';
import { filled, sameFilters } from './filters';

/** A view. */
export interface View {
  name: string;
  filter: Record<string, unknown>;
}

function Count({ resource, filter }: { resource: string; filter: Record<string, unknown> }) {
  const provider = useDataProvider();
  const { data } = useQuery({
    queryKey: [resource, 'count', filter],
    queryFn: async () => (await provider.getList(resource, { pagination: { page: 1, perPage: 1 }, sort: { field: 'name', order: 'ASC' }, filter })).total ?? null,
    staleTime: 30_000,
    refetchInterval: 60_000,
  });
  return data === undefined || data === null ? null : <span className="w-count">{data.toLocaleString()}</span>;
}

/** The chips. */
export function Views({ views }: { views: View[] }) {
  const { resource, filterValues, setFilters, isPending } = useListContext();
  const [saved, setSaved] = useStore<View[]>(`views.${resource}`, []);
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const [name, setName] = useState('');
  const say = useText();
  const all = [...views, ...saved];
  const current = all.find(({ filter }) => sameFilters(filter, filterValues));
  const keep = () => {
    if (name.trim() === '') return;
    setSaved([...saved.filter((view) => view.name !== name.trim()), { name: name.trim(), filter: Object.fromEntries(filled(filterValues)) }]);
    setAnchor(null);
    setName('');
  };
  return (
    <div className="w-views" role="group" aria-label={say('Views')}>
      {all.map((view) => {
        const on = view === current;
        return (
          <span key={view.name} className={`w-view ${on ? 'w-view-on' : ''}`}>
            <button type="button" aria-pressed={on} onClick={() => setFilters(view.filter)}>
              {views.includes(view) ? say(view.name) : view.name}
              {!isPending && <Count resource={resource} filter={view.filter} />}
            </button>
            {on && saved.includes(view) && (
              <button type="button" aria-label={say('Forget the view %{name}', { name: view.name })} onClick={() => setSaved(saved.filter((other) => other !== view))}>
                <X size={14} />
              </button>
            )}
          </span>
        );
      })}
      {!current && filled(filterValues).length > 0 && (
        <button type="button" className="w-add" aria-haspopup="dialog" onClick={(event) => setAnchor(event.currentTarget)}>
          <Bookmark size={14} aria-hidden="true" /> {say('Save view')}
        </button>
      )}
      <Popover open={anchor !== null} anchorEl={anchor} onClose={() => setAnchor(null)} anchorOrigin={{ vertical: 'bottom', horizontal: 'left' }} slotProps={{ paper: { className: 'w-popover', role: 'dialog', 'aria-label': say('Save view') } }}>
        <form
          className="w-filter-form"
          onSubmit={(event) => {
            event.preventDefault();
            keep();
          }}
        >
          <Field label="Name of the view" value={name} onChange={setName} autoFocus />
          <Button type="submit" variant="contained" disabled={name.trim() === ''}>
            {say('Save view')}
          </Button>
        </form>
      </Popover>
    </div>
  );
}
