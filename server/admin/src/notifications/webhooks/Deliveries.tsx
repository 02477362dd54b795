// The log of a webhook: what was sent, what came back, and once more.
import { Button, IconButton, MenuItem, Select } from '@mui/material';
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { ChevronLeft, ChevronRight, RotateCw } from 'lucide-react';
import { useState } from 'react';
import { useDataProvider, useNotify, useRecordContext } from 'react-admin';
import { Card } from '../../design/Card';
import { CopyButton } from '../../design/Copyable';
import { Moment } from '../../design/Moment';
import { Empty, Failed, Loading } from '../../design/states';
import { Status } from '../../design/Status';
import { useText } from '../../design/useText';
import { useMayChange } from '../../forms/FormParts';
import { useChanges, usePace } from '../../live/useLive';
import type { NotificationProvider } from '../operations';
import { deliveryLook } from './formats';
import type { Delivery, Webhook } from './types';

const kind = 'openwisp_notifications.webhook';
const perPage = 20;

/** The tab. */
export function Deliveries() {
  const say = useText();
  const webhook = useRecordContext<Webhook>();
  const provider = useDataProvider<NotificationProvider>();
  const [page, setPage] = useState(1);
  const [state, setState] = useState('');
  const pace = usePace(kind, { untold: 5_000 });
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['webhooks', 'deliveries', webhook?.id, page, state],
    queryFn: () => provider.deliveries(webhook?.id ?? '', page, state || undefined),
    enabled: webhook !== undefined,
    placeholderData: keepPreviousData,
    refetchInterval: pace,
  });
  useChanges(kind, () => void refetch(), webhook?.id);
  if (!webhook) return null;
  const rows = data?.results ?? [];
  const pages = Math.max(1, Math.ceil((data?.count ?? 0) / perPage));
  return (
    <Card
      title="Deliveries"
      note="kept for a while"
      flush
      more={
        <Select
          value={state}
          displayEmpty
          onChange={(event) => {
            setState(event.target.value);
            setPage(1);
          }}
          slotProps={{ input: { 'aria-label': say('State') } }}
          size="small"
        >
          <MenuItem value="">{say('All states')}</MenuItem>
          <MenuItem value="waiting">{say('Waiting')}</MenuItem>
          <MenuItem value="delivered">{say('Delivered')}</MenuItem>
          <MenuItem value="failed">{say('Failed')}</MenuItem>
        </Select>
      }
    >
      {isPending && <Loading rows={4} onRetry={() => void refetch()} />}
      {error && !data && <Failed reason={error.message} onRetry={() => void refetch()} />}
      {data && rows.length === 0 && <Empty title={state ? 'None is in this state' : 'Nothing was sent yet'}>{state ? undefined : say('Send a test, or wait for an event.')}</Empty>}
      {rows.length > 0 && (
        <ul className="n-deliveries">
          {rows.map((delivery) => (
            <Row key={delivery.id} webhook={webhook} delivery={delivery} />
          ))}
        </ul>
      )}
      {pages > 1 && (
        <div className="w-pager" style={{ padding: '8px 16px' }} role="navigation" aria-label={say('Pages of the log')}>
          <span>
            {say('Page %{page} of %{pages}', { page, pages })}
          </span>
          <IconButton aria-label={say('Page before')} disabled={page <= 1} onClick={() => setPage(page - 1)}>
            <ChevronLeft size={16} />
          </IconButton>
          <IconButton aria-label={say('Next page')} disabled={page >= pages} onClick={() => setPage(page + 1)}>
            <ChevronRight size={16} />
          </IconButton>
        </div>
      )}
    </Card>
  );
}

/** What happened, in a line. */
function outcome({ status, error, took, attempts, state }: Delivery): string {
  const tried = attempts > 1 ? `${attempts} attempts` : '';
  const said = error ?? (status ? `answered ${status}` : state === 'waiting' ? 'not sent yet' : '');
  return [said, status && took > 0 ? `in ${took < 1 ? `${Math.round(took * 1000)} ms` : `${took.toFixed(1)} s`}` : '', tried].filter(Boolean).join(', ');
}

function Row({ webhook, delivery }: { webhook: Webhook; delivery: Delivery }) {
  const say = useText();
  const provider = useDataProvider<NotificationProvider>();
  const queries = useQueryClient();
  const notify = useNotify();
  const change = useMayChange('webhooks');
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const again = async () => {
    setBusy(true);
    try {
      await provider.redeliver(webhook.id, delivery.id);
      notify('Sent once more', { type: 'success' });
    } catch (error) {
      notify(error instanceof Error ? error.message : String(error), { type: 'error' });
    }
    setBusy(false);
    await queries.invalidateQueries({ queryKey: ['webhooks', 'deliveries', webhook.id] });
  };
  return (
    <li>
      <button type="button" className="n-delivery" aria-expanded={open} onClick={() => setOpen(!open)}>
        <ChevronRight size={16} aria-hidden="true" />
        <span className="n-delivery-state">
          <Status {...deliveryLook(delivery)} />
        </span>
        <span className="w-clip w-medium">{delivery.event}</span>
        <span className="w-grow w-clip w-secondary">{outcome(delivery)}</span>
        <span className="w-small w-muted">
          <Moment at={delivery.created} />
        </span>
      </button>
      {open && (
        <div className="n-exchange">
          <dl className="w-pairs">
            <dt>{say('Message')}</dt>
            <dd className="w-mono">{delivery.id}</dd>
            <dt>{say('Attempts')}</dt>
            <dd>{delivery.attempts}</dd>
            {delivery.next_at && (
              <>
                <dt>{say('Next attempt')}</dt>
                <dd>
                  <Moment at={delivery.next_at} />
                </dd>
              </>
            )}
            {delivery.error && (
              <>
                <dt>{say('Why')}</dt>
                <dd>{delivery.error}</dd>
              </>
            )}
          </dl>
          <Exchange title="Request" text={delivery.request} none="Nothing was sent yet." />
          <Exchange title={delivery.status ? `Answer, ${delivery.status}` : 'Answer'} text={delivery.answer} none="Nothing came back." />
          {change && (
            <Button variant="outlined" disabled={busy} startIcon={<RotateCw size={16} />} onClick={() => void again()}>
              {say('Send once more')}
            </Button>
          )}
        </div>
      )}
    </li>
  );
}

function Exchange({ title, text, none }: { title: string; text: string; none: string }) {
  return (
    <section aria-label={title}>
      <h3>{title}</h3>
      {text ? (
        <div className="w-code">
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard too */}
          <pre tabIndex={0}>{text}</pre>
          <CopyButton text={text} label={title.toLowerCase()} />
        </div>
      ) : (
        <p className="w-secondary">{none}</p>
      )}
    </section>
  );
}
