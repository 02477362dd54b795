// A list as a page: head, views, filters, rows, and the bar for what is selected. Rows on the surface, edge to edge.
import { Button, Checkbox, IconButton, Menu, MenuItem } from '@mui/material';
import { ChevronLeft, ChevronRight, Columns3, Plus } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { ListBase, type RaRecord, useCanAccess, useCreatePath, useDataProvider, useListContext, useNotify } from 'react-admin';
import { Link } from 'react-router-dom';
import { maximalPage } from '../api/dataProvider';
import { APIError } from '../api/errors';
import { BulkBar } from '../design/Bars';
import { PageHead } from '../design/PageHead';
import { Empty, Failed, Loading, Refused } from '../design/states';
import { useText } from '../design/useText';
import { type Column, useColumns } from './columns';
import { FilterBar } from './FilterBar';
import { type Filter, filled } from './filters';
import { News, Steady } from './Steady';
import { Table } from './Table';
import { type View, Views } from './Views';

interface ListPageProps<T extends RaRecord> {
  title: string;
  /** What is listed, in plural and small: devices. */
  what: string;
  columns: Column<T>[];
  sort: { field: string; order: 'ASC' | 'DESC' };
  /** What the find field looks through; without it there is none. */
  placeholder?: string;
  filters?: Filter[];
  views?: View[];
  /** Buttons of the head before the one that adds. */
  actions?: ReactNode;
  /** What the button that adds says; without it there is none. */
  add?: string;
  /** What can be done with the selected; without it nothing can be selected. */
  bulk?: ReactNode;
  /** In place of an empty list that no filter made empty. */
  empty: ReactNode;
  nameOf?(record: T): string;
  opens?: boolean;
  /** What a row unfolds into. */
  detail?(record: T): ReactNode;
}

/** The page. */
export function ListPage<T extends RaRecord>(props: ListPageProps<T>) {
  return (
    <ListBase<T> sort={props.sort} perPage={25} storeKey={false} queryOptions={{ retry: 1 }} exporter={false}>
      <Steady<T>>
        <Contents {...props} />
      </Steady>
    </ListBase>
  );
}

/** Ends the selection when the filters change: what is acted on is in sight. */
function useHonestSelection() {
  const { filterValues, selectedIds, onUnselectItems } = useListContext();
  const notify = useNotify();
  const key = JSON.stringify(filled(filterValues));
  const before = useRef(key);
  useEffect(() => {
    if (before.current === key) return;
    before.current = key;
    if (selectedIds.length === 0) return;
    onUnselectItems();
    notify('The filter changed, so nothing is selected any more', { type: 'info', autoHideDuration: 3000 });
  }, [key, selectedIds.length, onUnselectItems, notify]);
}

function Contents<T extends RaRecord>({ title, what, columns, placeholder, filters = [], views, actions, add, bulk, empty, nameOf = (record) => String(record.name ?? record.id), opens = true, detail }: ListPageProps<T>) {
  const { resource, data, total, error, isPending, filterValues, setFilters, refetch } = useListContext<T>();
  const { shown, toggle } = useColumns(resource, columns);
  const create = useCanAccess({ resource, action: 'create' });
  const createPath = useCreatePath();
  const say = useText();
  useHonestSelection();
  const refused = error instanceof APIError && error.status === 403;
  const filtered = filled(filterValues).length > 0;
  return (
    <div className="w-list">
      <PageHead title={title}>
        {!refused && actions}
        {add && create.canAccess && !refused && (
          <Button variant="contained" component={Link} to={createPath({ resource, type: 'create' })} startIcon={<Plus size={16} />}>
            {say(add)}
          </Button>
        )}
      </PageHead>
      {refused ? (
        <Refused title={say('You may not see this list')}>{(error as Error).message}</Refused>
      ) : (
        <>
          {views && <Views views={views} />}
          <FilterBar placeholder={placeholder} filters={filters}>
            <News />
            <ColumnsButton columns={columns} shown={shown} onToggle={toggle} />
          </FilterBar>
          {isPending && !error && <Loading rows={12} onRetry={() => void refetch()} />}
          {error && !data && <Failed reason={(error as Error).message} onRetry={() => void refetch()} />}
          {data && data.length > 0 && <Table<T> label={say(title)} columns={shown} selectable={bulk !== undefined} nameOf={nameOf} opens={opens} detail={detail} />}
          {data && data.length === 0 && !isPending && (filtered ? (
            <Empty title={say('No %{what} match', { what: say(what) })} action={<Button variant="outlined" onClick={() => setFilters({})}>{say('Clear filters')}</Button>} />
          ) : (
            empty
          ))}
          {data && data.length > 0 && total !== undefined && <Pager />}
          {bulk !== undefined && <Selected>{bulk}</Selected>}
        </>
      )}
    </div>
  );
}

/** More than so many are the business of a plan, not of a selection. */
const mostSelected = 2000;

function Selected({ children }: { children: ReactNode }) {
  const { resource, selectedIds, total, sort, filterValues, onSelect, onUnselectItems } = useListContext();
  const provider = useDataProvider();
  const notify = useNotify();
  const all = async () => {
    try {
      const ids: RaRecord['id'][] = [];
      for (let page = 1; ids.length < mostSelected; page++) {
        const { data, total: count } = await provider.getList(resource, { pagination: { page, perPage: maximalPage }, sort, filter: filterValues });
        ids.push(...data.map(({ id }: RaRecord) => id));
        if (data.length === 0 || ids.length >= (count ?? 0)) break;
      }
      onSelect(ids);
    } catch (error) {
      notify(error instanceof Error ? error.message : String(error), { type: 'error' });
    }
  };
  return (
    <BulkBar count={selectedIds.length} total={total} onAll={total !== undefined && total <= mostSelected ? () => void all() : undefined} onClear={() => onUnselectItems()}>
      {children}
    </BulkBar>
  );
}

function ColumnsButton<T extends RaRecord>({ columns, shown, onToggle }: { columns: Column<T>[]; shown: Column<T>[]; onToggle(id: string): void }) {
  const say = useText();
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  return (
    <span className="w-desk">
        <IconButton title={say('Columns')} aria-label={say('Columns')} aria-haspopup="menu" onClick={(event) => setAnchor(event.currentTarget)}>
          <Columns3 size={16} />
        </IconButton>
      <Menu open={anchor !== null} anchorEl={anchor} onClose={() => setAnchor(null)}>
        {columns
          .filter(({ fixed }) => !fixed)
          .map((column) => (
            <MenuItem key={column.id} role="menuitemcheckbox" aria-checked={shown.includes(column)} onClick={() => onToggle(column.id)} dense>
              <Checkbox checked={shown.includes(column)} tabIndex={-1} inert />
              {say(column.label)}
            </MenuItem>
          ))}
      </Menu>
    </span>
  );
}

const pageSizes = [25, 50, 100];

function Pager() {
  const { page, perPage, total = 0, setPage, setPerPage } = useListContext();
  const say = useText();
  const first = (page - 1) * perPage + 1;
  const last = Math.min(page * perPage, total);
  return (
    <div className="w-pager" role="navigation" aria-label={say('Pages of the list')}>
      <span className="w-numbers">
        {say('%{first} to %{last} of %{total}', { first: first.toLocaleString(), last: last.toLocaleString(), total: total.toLocaleString() })}
      </span>
      <label>
        {say('Rows')}{' '}
        <select value={perPage} onChange={(event) => setPerPage(Number(event.target.value))}>
          {[...new Set([...pageSizes, perPage])].sort((a, b) => a - b).map((size) => (
            <option key={size}>{size}</option>
          ))}
        </select>
      </label>
      <IconButton aria-label={say('Page before')} disabled={page <= 1} onClick={() => setPage(page - 1)}>
        <ChevronLeft size={16} />
      </IconButton>
      <IconButton aria-label={say('Next page')} disabled={last >= total} onClick={() => setPage(page + 1)}>
        <ChevronRight size={16} />
      </IconButton>
    </div>
  );
}
