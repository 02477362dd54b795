// The rows of a list: the head stays in sight, a selection is always seen, a row's name is a link. On a phone a row is
// a card of its own.
import { Checkbox } from '@mui/material';
import { ArrowDown, ArrowUp, ChevronRight } from 'lucide-react';
import { Fragment, type MouseEvent, type ReactNode, useState } from 'react';
import { type RaRecord, useCreatePath, useListContext } from 'react-admin';
import { useNavigate } from 'react-router-dom';
import { useText } from '../design/useText';
import type { Column } from './columns';
import { useMotion } from './Steady';

interface TableProps<T extends RaRecord> {
  label: string;
  columns: Column<T>[];
  /** Rows can be selected. */
  selectable: boolean;
  nameOf(record: T): string;
  /** Rows open the page of their object. */
  opens: boolean;
  /** What a row unfolds into. */
  detail?(record: T): ReactNode;
}

/** The table. */
export function Table<T extends RaRecord>({ label, columns, selectable, nameOf, opens, detail }: TableProps<T>) {
  const { data = [], selectedIds, onToggleItem, onSelect, resource } = useListContext<T>();
  const navigate = useNavigate();
  const say = useText();
  const createPath = useCreatePath();
  const { beat, changed, gone } = useMotion();
  const [unfolded, setUnfolded] = useState<RaRecord['id'][]>([]);
  const fold = (id: RaRecord['id']) => setUnfolded((now) => (now.includes(id) ? now.filter((other) => other !== id) : [...now, id]));
  const onPage = data.filter(({ id }) => selectedIds.includes(id)).length;
  const open = (event: MouseEvent, record: T) => {
    const target = event.target as HTMLElement;
    // links and boxes in the row do what they do, and a text that was selected is not a click
    if (!opens || target.closest('a, button, input, label') || window.getSelection()?.toString()) return;
    const path = createPath({ resource, id: record.id, type: 'edit' });
    if (event.ctrlKey || event.metaKey) window.open(`/admin${path}`, '_blank', 'noopener');
    else navigate(path);
  };
  return (
    <table className="w-table" aria-label={label}>
      <thead>
        <tr>
          {selectable && (
            <th className="w-table-check">
              <Checkbox
                checked={data.length > 0 && onPage === data.length}
                indeterminate={onPage > 0 && onPage < data.length}
                onChange={() => onSelect(onPage === data.length ? [] : data.map(({ id }) => id))}
                slotProps={{ input: { 'aria-label': say('Select all of this page') } }}
              />
            </th>
          )}
          {detail && (
            <th className="w-table-check">
              <span className="w-hidden">{say('Details')}</span>
            </th>
          )}
          {columns.map((column) => (
            <Head key={column.id} column={column} />
          ))}
        </tr>
      </thead>
      <tbody>
        {data.map((record) => {
          const selected = selectedIds.includes(record.id);
          return (
            <Fragment key={record.id}>
            <tr
              aria-selected={selectable ? selected : undefined}
              className={[opens && 'w-opens', gone.has(record.id) && 'w-gone', changed.has(record.id) && `w-changed-${beat % 2}`].filter(Boolean).join(' ') || undefined}
              title={gone.has(record.id) ? say('This is not there any more') : undefined}
              onClick={(event) => open(event, record)}
            >
              {selectable && (
                <td className="w-table-check">
                  <Checkbox checked={selected} onChange={() => onToggleItem(record.id)} slotProps={{ input: { 'aria-label': say('Select %{name}', { name: nameOf(record) }) } }} />
                </td>
              )}
              {detail && (
                <td className="w-table-check">
                  <button
                    type="button"
                    className="w-unfold"
                    aria-expanded={unfolded.includes(record.id)}
                    aria-label={say('What changed: %{name}', { name: nameOf(record) })}
                    onClick={() => fold(record.id)}
                  >
                    <ChevronRight size={16} aria-hidden="true" />
                  </button>
                </td>
              )}
              {columns.map(({ id, cell, right, phone }) => (
                <td key={id} className={`${right ? 'w-right' : ''} ${phone ? `w-at-${phone}` : 'w-desk'}`}>
                  {cell(record)}
                </td>
              ))}
            </tr>
            {detail && unfolded.includes(record.id) && (
              <tr className="w-unfolded">
                <td colSpan={columns.length + 1}>{detail(record)}</td>
              </tr>
            )}
            </Fragment>
          );
        })}
      </tbody>
    </table>
  );
}

function Head<T extends RaRecord>({ column: { label: english, hiddenLabel, sort: field, right, width } }: { column: Column<T> }) {
  const label = useText()(english);
  const { sort, setSort } = useListContext<T>();
  const sorted = field !== undefined && sort.field === field;
  const Arrow = sort.order === 'ASC' ? ArrowUp : ArrowDown;
  return (
    <th className={right ? 'w-right' : undefined} style={{ width }} aria-sort={sorted ? (sort.order === 'ASC' ? 'ascending' : 'descending') : undefined} scope="col">
      {field === undefined ? (
        hiddenLabel ? <span className="w-hidden">{label}</span> : label
      ) : (
        <button type="button" onClick={() => setSort({ field, order: sorted && sort.order === 'ASC' ? 'DESC' : 'ASC' })}>
          {label}
          {sorted && <Arrow size={12} aria-hidden="true" />}
        </button>
      )}
    </th>
  );
}
