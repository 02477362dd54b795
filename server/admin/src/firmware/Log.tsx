// An operation as a row: how far it is, what it wrote, and what can be done about it; it moves while somebody looks.
import { Button } from '@mui/material';
import { RotateCw, X } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useCanAccess, useDataProvider, useRedirect } from 'react-admin';
import { useAttempt } from '../connection/attempt';
import { Ask } from '../design/Ask';
import { CopyButton } from '../design/Copyable';
import { Moment } from '../design/Moment';
import { Status } from '../design/Status';
import { useText } from '../design/useText';
import { operationLook } from './looks';
import type { FirmwareProvider } from './operations';
import type { Operation } from './types';
import './firmware.css';

/** What an operation wrote; new lines are scrolled to. */
export function Log({ operation }: { operation: Pick<Operation, 'log' | 'id'> }) {
  const say = useText();
  const shown = useRef<HTMLPreElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each line moves it
  useEffect(() => {
    if (shown.current) shown.current.scrollTop = shown.current.scrollHeight;
  }, [operation.log]);
  if (!operation.log) return <p className="w-secondary">{say('It wrote nothing yet.')}</p>;
  return (
    <section className="w-code" aria-label={say('Log')}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard too */}
      <pre ref={shown} tabIndex={0} className="f-log">
        {operation.log}
      </pre>
      <CopyButton text={operation.log} label="log" />
    </section>
  );
}

/** The buttons of an operation: cancelling until it flashes, and trying again. */
export function OperationActions({ operation, onChange, leads = false }: { operation: Operation; onChange(): void; leads?: boolean }) {
  const say = useText();
  const provider = useDataProvider<FirmwareProvider>();
  const redirect = useRedirect();
  const change = useCanAccess({ resource: 'upgradeoperations', action: 'edit' });
  const add = useCanAccess({ resource: 'upgradeoperations', action: 'create' });
  const { busy, attempt } = useAttempt();
  const [asked, setAsked] = useState<'cancel' | 'retry'>();
  const { status, progress } = operation;
  const cancels = (status === 'in-progress' || status === 'pending') && progress < 65;
  const retries = status === 'failed' || status === 'aborted' || status === 'cancelled';
  const then = (work: () => Promise<unknown>) =>
    void attempt(work).then(() => {
      setAsked(undefined);
      onChange();
    });
  return (
    <>
      {cancels && change.canAccess && (
        <Button size="small" variant="outlined" color="error" startIcon={<X size={14} />} onClick={() => setAsked('cancel')}>
          {say('Cancel…')}
        </Button>
      )}
      {retries && operation.image && add.canAccess && (
        <Button size="small" variant="outlined" startIcon={<RotateCw size={14} />} onClick={() => setAsked('retry')}>
          {say('Try again…')}
        </Button>
      )}
      {asked === 'cancel' && (
        <Ask title="Cancel this upgrade?" verb="Cancel the upgrade" keep="Let it go on" dangerous busy={busy} onDo={() => then(() => provider.cancelUpgrade(operation.id))} onClose={() => setAsked(undefined)}>
          {say('Until it begins to flash nothing on the device changes.')}
        </Ask>
      )}
      {asked === 'retry' && (
        <Ask
          title="Try this upgrade again?"
          verb="Try again"
          keep="Do not"
          busy={busy}
          onDo={() =>
            then(async () => {
              const again = await provider.retryUpgrade(operation.id);
              if (leads) redirect('edit', 'upgradeoperations', again.id);
            })
          }
          onClose={() => setAsked(undefined)}
        >
          {say('A new upgrade with the same image and options is begun.')}
        </Ask>
      )}
    </>
  );
}

/** How far it is. */
export function OperationBar({ operation }: { operation: Operation }) {
  const say = useText();
  const { progress, status, next_retry_at: again } = operation;
  return (
    <div className="f-bar">
      <div className="f-facts">
        <Status {...operationLook(operation)} />
        {status === 'in-progress' && !operation.waiting && <span className="w-secondary">{progress} %</span>}
        {again && (status === 'pending' || status === 'in-progress') && (
          <span className="w-secondary">
            {say('tried again')}{' '}<Moment at={again} />
          </span>
        )}
      </div>
      {status === 'in-progress' && !operation.waiting && <progress max={100} value={progress} aria-label={say('Progress')} />}
    </div>
  );
}

/** A row that unfolds its log. */
export function OperationRow({ operation, title, open: opened = false, onChange }: { operation: Operation; title: ReactNode; open?: boolean; onChange(): void }) {
  const say = useText();
  const [open, setOpen] = useState(opened);
  return (
    <li className="c-command">
      <div className="c-row" style={{ padding: 0, border: 0 }}>
        <div>
          <div className="c-title">
            {title}
            {operation.created && (
              <span className="w-small w-muted">
                <Moment at={operation.created} />
              </span>
            )}
          </div>
          <OperationBar operation={operation} />
        </div>
        <div className="f-actions">
          <OperationActions operation={operation} onChange={onChange} />
          <Button size="small" aria-expanded={open} onClick={() => setOpen(!open)}>
            {open ? say('Hide log') : say('Log')}
          </Button>
        </div>
      </div>
      {open && <Log operation={operation} />}
    </li>
  );
}
