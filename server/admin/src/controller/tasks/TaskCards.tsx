// A configuration as cards: one for each thing it does, opened to change it, and a button to add another.
import { Button, Dialog, DialogContent, DialogTitle, IconButton } from '@mui/material';
import { ChevronDown, ChevronRight, Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import type { JSONObject } from '../../api/types';
import { useText } from '../../design/useText';
import { Gallery } from './Gallery';
import { partsOf, without } from './gallery';
import { icons } from './icons';
import { same } from './json';
import { fieldOf } from './places';
import { TaskForm } from './TaskForm';
import type { AnyTask, Place } from './task';
import { taskTexts as t } from './texts';
import './tasks.css';

export interface CardProblem {
  /** Where in the document. */
  path: string[];
  message: string;
}

interface TaskCardsProps {
  value: JSONObject;
  onChange: (value: JSONObject) => void;
  backend: string;
  problems?: CardProblem[];
  disabled?: boolean;
}

/** A task whose answers are not complete yet: they are in no document. */
interface Draft {
  key: number;
  task: AnyTask;
  values: unknown;
}

/** The cards. */
export function TaskCards({ value, onChange, backend, problems = [], disabled }: TaskCardsProps) {
  const say = useText();
  const { parts, others } = partsOf(value);
  const [open, setOpen] = useState<string>();
  const [adding, setAdding] = useState(false);
  const [drafts, setDrafts] = useState<Draft[]>([]);
  // answers that cannot be written yet, of a part that is there
  const [pending, setPending] = useState<{ id: string; values: unknown }>();

  const write = (id: string, task: AnyTask, values: unknown, at: Place) => {
    // a part with something wrong would no longer be found as it is typed: it waits until it is right again
    const next = task.toNetJSON(value, values, at);
    const readable = task.fromNetJSON(next).some((found) => same(found.values, values));
    if (readable && Object.keys(task.problems(values)).length === 0) {
      setPending(undefined);
      onChange(next);
    } else setPending({ id, values });
  };
  const draft = (key: number, values: unknown) => {
    const one = drafts.find((found) => found.key === key);
    if (!one) return;
    if (Object.keys(one.task.problems(values)).length > 0) return setDrafts(drafts.map((found) => (found.key === key ? { ...found, values } : found)));
    const next = one.task.toNetJSON(value, values);
    setDrafts(drafts.filter((found) => found.key !== key));
    onChange(next);
    const made = partsOf(next).parts.find((part) => part.task === one.task && same(part.values, values));
    if (made) setOpen(idOf(made.task, made.at));
  };
  return (
    <div className="t-cards">
      {parts.length === 0 && others.length === 0 && drafts.length === 0 && <p className="w-secondary">{say(t.none)}</p>}
      {parts.map((part) => {
        const id = idOf(part.task, part.at);
        const values = pending?.id === id ? pending.values : part.values;
        const found: Record<string, string> = {};
        for (const problem of problems) {
          const name = fieldOf(part, problem.path);
          if (name) found[name] = problem.message;
        }
        return (
          <Card
            key={id}
            task={part.task}
            name={part.task.name(values)}
            open={open === id || Object.keys(found).length > 0}
            onToggle={() => setOpen(open === id ? undefined : id)}
            onRemove={disabled ? undefined : () => onChange(without(value, part.at))}
          >
            <TaskForm task={part.task} values={values} onChange={(next) => write(id, part.task, next, part.at)} found={found} backend={backend} disabled={disabled} strict={pending?.id === id} />
          </Card>
        );
      })}
      {drafts.map(({ key, task, values }) => (
        <Card key={key} task={task} name="" open onRemove={() => setDrafts(drafts.filter((found) => found.key !== key))}>
          <TaskForm task={task} values={values} onChange={(next) => draft(key, next)} backend={backend} />
        </Card>
      ))}
      {others.length > 0 && <p className="w-small w-muted t-others">{say(t.others, { names: others.join(', ') })}</p>}
      {!disabled && (
        <Button variant="outlined" startIcon={<Plus size={16} />} onClick={() => setAdding(true)}>
          {say(t.add)}
        </Button>
      )}
      {adding && (
        <Dialog open onClose={() => setAdding(false)} aria-labelledby="t-adding" slotProps={{ paper: { sx: { width: 360 } } }}>
          <DialogTitle id="t-adding">{say(t.question)}</DialogTitle>
          <DialogContent>
            <Gallery
              autoFocus
              onChoose={(task) => {
                setAdding(false);
                if (task) setDrafts([...drafts, { key: Date.now(), task, values: task.blank }]);
              }}
            />
          </DialogContent>
        </Dialog>
      )}
    </div>
  );
}

function idOf(task: AnyTask, at: Place): string {
  return `${task.id} ${JSON.stringify(at)}`;
}

interface OneCardProps {
  task: AnyTask;
  name: string;
  open: boolean;
  onToggle?: () => void;
  onRemove?: () => void;
  children: React.ReactNode;
}

function Card({ task, name, open, onToggle, onRemove, children }: OneCardProps) {
  const say = useText();
  const Icon = icons[task.icon];
  const called = `${say(task.title)} ${name}`.trim();
  return (
    <section className="t-card" aria-label={called}>
      <header>
        <button type="button" className="t-card-head" aria-expanded={open} onClick={onToggle}>
          {open ? <ChevronDown size={16} /> : <ChevronRight size={16} />}
          {Icon && <Icon size={16} aria-hidden="true" />}
          <b>{say(task.title)}</b>
          <span className="w-muted w-clip">{name}</span>
        </button>
        {onRemove && (
          <IconButton size="small" aria-label={say(t.remove, { name: called })} onClick={onRemove}>
            <Trash2 size={16} />
          </IconButton>
        )}
      </header>
      {open && <div className="t-card-body">{children}</div>}
    </section>
  );
}
