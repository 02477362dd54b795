// How far something is that is done with many devices, and what fails.
import { Alert, Button, LinearProgress } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect } from 'react';
import { useDataProvider } from 'react-admin';
import { useText } from '../../design/useText';
import type { ControllerProvider } from '../operations';
import type { ListAnswer } from '../../api/types';
import type { DeviceTask, DeviceTaskItem } from '../types';
import { summary } from './changeMany';

const over = (task: DeviceTask | undefined) => task?.finished != null;

interface TaskProgressProps {
  id: string;
  /** Gets the task that takes it back; without it nothing can be taken back. */
  undo?(id: string): void;
  /** Is told of its end. */
  onOver?(task: DeviceTask): void;
}

/** The bar, the numbers, and the failures. */
export function TaskProgress({ id, undo, onOver }: TaskProgressProps) {
  const say = useText();
  const provider = useDataProvider<ControllerProvider>();
  const { data: task, error } = useQuery({ queryKey: ['device-task', id], queryFn: () => provider.task(id), refetchInterval: ({ state }) => (over(state.data) ? false : 1000) });
  const failed = useItems(task, 'failed');
  const changed = useItems(task, 'changed');
  const unchanged = useItems(task, 'unchanged');
  // biome-ignore lint/correctness/useExhaustiveDependencies: its end is told once
  useEffect(() => {
    if (task && over(task)) onOver?.(task);
  }, [task?.finished]);
  if (error) return <Alert severity="error">{error.message}</Alert>;
  if (!task) return <LinearProgress />;
  const takeBack = async () => undo?.((await provider.undoTask(id)).id);
  const rows = task.action === 'import';
  return (
    <div role="status">
      {!over(task) && <LinearProgress variant="determinate" value={(100 * (task.total - task.waiting)) / Math.max(task.total, 1)} />}
      {task.phase === 'refused' && <Alert severity="error">{say('Nothing was imported: some rows are faulty.')}</Alert>}
      <p style={{ margin: 0 }}>{summary(task)}</p>
      <Items items={failed} rows={rows} />
      {!rows && task.action !== 'undo' && (
        <>
          <More label={say('What %{value}, device by device', { value: task.dry_run ? 'would change' : 'changed' })} count={changed?.count}>
            <Items items={changed} />
          </More>
          <More label={say('What %{value} as it is', { value: task.dry_run ? 'would stay' : 'stayed' })} count={unchanged?.count}>
            <Items items={unchanged} />
          </More>
        </>
      )}
      {undo && over(task) && task.can_undo && (
        <Button size="small" onClick={() => void takeBack()}>
          {say('Take it back')}
        </Button>
      )}
    </div>
  );
}

/** What became of the first devices of a task that is over, of those in a state. */
function useItems(task: DeviceTask | undefined, state: 'changed' | 'unchanged' | 'failed') {
  const provider = useDataProvider<ControllerProvider>();
  const { data } = useQuery({
    queryKey: ['device-task', task?.id, state], queryFn: () => provider.taskItems(task?.id ?? '', state), enabled: task !== undefined && over(task) && task[state] > 0,
  });
  return data;
}

/** Devices, or rows of a file, with what is said of each. */
function Items({ items, rows = false }: { items: ListAnswer<DeviceTaskItem> | undefined; rows?: boolean }) {
  const say = useText();
  if (!items || items.results.length === 0) return null;
  return (
    <ul className="w-names">
      {items.results.map(({ position, name, message }) => (
        <li key={position}>
          {rows && <span className="w-muted">{say('row %{position}', { position: position + 1 })}{' '}</span>}
          <b>{name}</b>
          {message && `: ${message}`}
        </li>
      ))}
      {items.count > items.results.length && <li className="w-muted">{say('and %{value} more', { value: (items.count - items.results.length).toLocaleString() })}</li>}
    </ul>
  );
}

/** What is opened by people who want to know. */
function More({ label, count, children }: { label: string; count: number | undefined; children: ReactNode }) {
  if (!count) return null;
  return (
    <details>
      <summary>{label}</summary>
      <div style={{ maxHeight: 240, overflow: 'auto' }}>{children}</div>
    </details>
  );
}
