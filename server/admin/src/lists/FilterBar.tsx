// The filters of a list: the find field, a chip for each filter, and how many are left.
import { Menu, MenuItem, Popover } from '@mui/material';
import { ChevronDown, Plus, Search, X } from 'lucide-react';
import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react';
import { useListContext } from 'react-admin';
import { Field } from '../design/Field';
import { useText } from '../design/useText';
import { type Choice, type Filter, filled } from './filters';

const noChoices: Choice[] = [];
const noName = () => undefined;

function FindField({ placeholder }: { placeholder: string }) {
  const { filterValues, setFilters } = useListContext();
  const say = useText();
  const given = String(filterValues.q ?? '');
  const [text, setText] = useState(given);
  const field = useRef<HTMLInputElement>(null);
  const sent = useRef(given);
  const latest = useRef(filterValues);
  latest.current = filterValues;
  const typed = useRef(text);
  typed.current = text;
  useEffect(() => {
    // from outside: the way back, a saved view
    if (given !== sent.current) {
      sent.current = given;
      setText(given);
    }
  }, [given]);
  const send = useCallback(() => {
    if (typed.current === sent.current) return;
    sent.current = typed.current;
    const { q: _q, ...others } = latest.current;
    setFilters(typed.current.trim() === '' ? others : { ...others, q: typed.current });
  }, [setFilters]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: every letter begins the pause anew
  useEffect(() => {
    const timer = setTimeout(send, 300);
    return () => clearTimeout(timer);
  }, [text, send]);
  useEffect(() => {
    const key = (event: globalThis.KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || target.closest('input, textarea, select, [contenteditable], [role=dialog]')) return;
      event.preventDefault();
      field.current?.focus();
    };
    window.addEventListener('keydown', key);
    return () => window.removeEventListener('keydown', key);
  }, []);
  return (
    <label className="w-search">
      <Search size={16} aria-hidden="true" />
      <input ref={field} type="search" value={text} onChange={(event) => setText(event.target.value)} onKeyDown={(event) => event.key === 'Enter' && send()} placeholder={say(placeholder)} aria-label={say('Search')} autoComplete="off" spellCheck={false} />
      <kbd aria-hidden="true">/</kbd>
    </label>
  );
}

/** The inside of a filter's popover. */
function Choices({ filter, value, onChoose }: { filter: Filter; value: unknown; onChoose(value: unknown): void }) {
  const [text, setText] = useState('');
  const [problem, setProblem] = useState<string>();
  const say = useText();
  const of = typeof filter.choices === 'function' ? filter.choices : () => (filter.choices as Choice[] | undefined) ?? noChoices;
  const found = of(text);
  if (filter.kind === 'time' || filter.kind === 'text') {
    return (
      <form
        className="w-filter-form"
        onSubmit={(event) => {
          event.preventDefault();
          const given = String(new FormData(event.currentTarget).get('value') ?? '').trim();
          const wrong = given === '' ? undefined : filter.problem?.(given);
          setProblem(wrong);
          if (wrong) return;
          onChoose(given === '' ? undefined : filter.kind === 'time' ? new Date(given).toISOString() : given);
        }}
      >
        <Field
          name="value"
          label={filter.label}
          type={filter.kind === 'time' ? 'datetime-local' : 'text'}
          help={filter.help}
          problem={problem}
          onChange={() => setProblem(undefined)}
          defaultValue={filter.kind === 'time' && value ? localTime(String(value)) : String(value ?? '')}
          autoFocus
        />
        <button type="submit" className="w-link">
          {say('Use it')}
        </button>
      </form>
    );
  }
  const choices = filter.kind === 'yesno' ? [{ id: 'true', name: 'yes' }, { id: 'false', name: 'no' }] : found;
  const narrowed = typeof filter.choices === 'function' ? choices : choices.filter(({ name }) => name.toLowerCase().includes(text.toLowerCase()));
  return (
    <>
      {filter.kind === 'choice' && (choices.length > 8 || typeof filter.choices === 'function') && (
        <div className="w-filter-form">
          <Field label={say('Find: %{what}', { what: say(filter.label) })} value={text} onChange={setText} onKeyDown={(event) => event.stopPropagation()} autoFocus />
        </div>
      )}
      {narrowed.map(({ id, name }) => (
        <MenuItem key={id} selected={String(value) === id} onClick={() => onChoose(filter.kind === 'yesno' ? id === 'true' : id)}>
          {say(name)}
        </MenuItem>
      ))}
      {narrowed.length === 0 && <p className="w-filter-form w-muted">{say('Nothing matches.')}</p>}
    </>
  );
}

function localTime(iso: string): string {
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function FilterChip({ filter, value, open, onOpen, onClose, onSet }: {
  filter: Filter;
  value: unknown;
  open: boolean;
  onOpen(): void;
  onClose(): void;
  onSet(value: unknown): void;
}) {
  const chip = useRef<HTMLSpanElement>(null);
  const say = useText();
  const useName = filter.useName ?? noName;
  const known = Array.isArray(filter.choices) ? filter.choices.find(({ id }) => id === String(value))?.name : undefined;
  const found = useName(value);
  const has = value !== undefined && value !== '';
  const name =
    known ?? found ?? (value === true ? 'yes' : value === false ? 'no' : filter.kind === 'time' ? new Date(String(value)).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' }) : String(value));
  const choose = (next: unknown) => {
    onClose();
    onSet(next);
  };
  return (
    <span className={`w-chip ${has ? 'w-chip-on' : ''}`} ref={chip}>
      <button type="button" aria-haspopup="dialog" aria-expanded={open} onClick={onOpen}>
        {say(filter.label)} <b>{say(has ? name : 'any')}</b>
        {!has && <ChevronDown size={14} aria-hidden="true" />}
      </button>
      {has && (
        <button type="button" aria-label={say('Any %{what}', { what: say(filter.label) })} onClick={() => choose(undefined)}>
          <X size={14} />
        </button>
      )}
      <Popover open={open} anchorEl={chip.current} onClose={onClose} anchorOrigin={{ vertical: 'bottom', horizontal: 'left' }} slotProps={{ paper: { className: 'w-popover', 'aria-label': say(filter.label), role: 'dialog' } }}>
        {open && <Choices filter={filter} value={value} onChoose={choose} />}
      </Popover>
    </span>
  );
}

/** The bar. */
export function FilterBar({ placeholder, filters, children }: { placeholder?: string; filters: Filter[]; children?: ReactNode }) {
  const { filterValues, setFilters, total } = useListContext();
  const say = useText();
  const [adding, setAdding] = useState<HTMLElement | null>(null);
  const [open, setOpen] = useState<string>();
  const values = Object.fromEntries(filled(filterValues));
  const chips = filters.filter(({ source, shown }) => shown || source in values || source === open);
  const others = filters.filter((filter) => !chips.includes(filter));
  const set = (source: string, value: unknown) => {
    const { [source]: _before, ...rest } = values;
    setFilters(value === undefined ? rest : { ...rest, [source]: value });
  };
  return (
    <div className="w-filters">
      {placeholder && <FindField placeholder={placeholder} />}
      {chips.map((filter) => (
        <FilterChip
          key={filter.source}
          filter={filter}
          value={values[filter.source]}
          open={open === filter.source}
          onOpen={() => setOpen(filter.source)}
          onClose={() => setOpen(undefined)}
          onSet={(value) => set(filter.source, value)}
        />
      ))}
      {others.length > 0 && (
        <button type="button" className="w-add" aria-haspopup="menu" onClick={(event) => setAdding(event.currentTarget)}>
          <Plus size={16} aria-hidden="true" /> {say('Filter')}
        </button>
      )}
      <Menu open={adding !== null} anchorEl={adding} onClose={() => setAdding(null)}>
        {others.map(({ source, label }) => (
          <MenuItem
            key={source}
            onClick={() => {
              setAdding(null);
              setOpen(source);
            }}
          >
            {say(label)}
          </MenuItem>
        ))}
      </Menu>
      <span className="w-filters-end">
        {total !== undefined && (
          <span className="w-small w-muted w-numbers" role="status">
            {filled(filterValues).length > 0 ? say('%{number} found', { number: total.toLocaleString() }) : total.toLocaleString()}
          </span>
        )}
        {children}
      </span>
    </div>
  );
}
