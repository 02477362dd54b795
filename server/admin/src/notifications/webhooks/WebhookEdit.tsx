// The page of a webhook: its form, and its log.
import { Button } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { KeyRound, Send } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useCreatePath, useDataProvider, useNotify, useRecordContext, useRefresh } from 'react-admin';
import { useLocation, useNavigate } from 'react-router-dom';
import { Ask } from '../../design/Ask';
import { Banner } from '../../design/Banner';
import { CopyableText } from '../../design/Copyable';
import { Moment } from '../../design/Moment';
import { MoreMenu } from '../../design/MoreMenu';
import { ObjectHeader } from '../../design/ObjectHeader';
import { StatusPill } from '../../design/Status';
import { useText } from '../../design/useText';
import { EditPage } from '../../forms/EditPage';
import { FormToolbar, useDeletion, useMayChange } from '../../forms/FormParts';
import { Reference } from '../../lists/Reference';
import { useChanges, usePace } from '../../live/useLive';
import type { NotificationProvider } from '../operations';
import { Deliveries } from './Deliveries';
import { changedWebhook, formatOf, standing } from './formats';
import { WebhookForm } from './WebhookForm';
import type { Webhook } from './types';

const kind = 'openwisp_notifications.webhook';

/** How the webhook stands now, beside the form. */
function useLiveWebhook(): Webhook | undefined {
  const record = useRecordContext<Webhook>();
  const provider = useDataProvider();
  const pace = usePace(kind);
  const { data, refetch } = useQuery({
    queryKey: ['webhooks', 'live', record?.id, record?.modified],
    queryFn: async () => (await provider.getOne<Webhook>('webhooks', { id: record?.id ?? '' })).data,
    enabled: record !== undefined,
    initialData: record,
    refetchInterval: pace,
  });
  useChanges(kind, () => void refetch(), record?.id);
  return data ?? record;
}

function Header({ onSecret }: { onSecret(secret: string): void }) {
  const say = useText();
  const record = useRecordContext<Webhook>();
  const live = useLiveWebhook();
  const provider = useDataProvider<NotificationProvider>();
  const createPath = useCreatePath();
  const navigate = useNavigate();
  const notify = useNotify();
  const refresh = useRefresh();
  const { pathname } = useLocation();
  const change = useMayChange('webhooks');
  const deletion = useDeletion('webhook', record?.name ?? '', 'Nothing is sent there any more, and its log is deleted.');
  const [asked, setAsked] = useState(false);
  const [busy, setBusy] = useState(false);
  if (!record || !live) return null;
  const root = createPath({ resource: 'webhooks', id: record.id, type: 'edit' });
  const attempt = async (work: () => Promise<void>) => {
    setBusy(true);
    try {
      await work();
    } catch (error) {
      notify(error instanceof Error ? error.message : String(error), { type: 'error', autoHideDuration: 8000 });
    }
    setBusy(false);
    setAsked(false);
  };
  const test = () =>
    attempt(async () => {
      await provider.testWebhook(record.id);
      navigate(`${root}/deliveries`);
    });
  const rotate = () =>
    attempt(async () => {
      const { secret } = await provider.rotateSecret(record.id);
      if (secret) onSecret(secret);
      refresh();
    });
  return (
    <>
      <ObjectHeader
        title={record.name}
        above={{ label: 'Webhooks', to: createPath({ resource: 'webhooks', type: 'list' }) }}
        pill={<StatusPill {...standing(live)} />}
        actions={
          <>
            {change && (
              <Button variant="outlined" disabled={busy} startIcon={<Send size={16} />} onClick={() => void test()}>
                {say('Send a test')}
              </Button>
            )}
            <MoreMenu
              label="More about this webhook"
              actions={[...(change ? [{ label: 'Make a new secret…', icon: KeyRound, onDo: () => setAsked(true) }] : []), ...(deletion.action ? [deletion.action] : [])]}
            />
          </>
        }
        facts={
          <>
            <span>{formatOf(record.format).name}</span>
            <span className="w-mono">{record.url}</span>
            <span>
              <Reference resource="organizations" id={record.organization} none="events of all organizations" />
            </span>
            {live.old_secret_until && (
              <span>
                {say('the secret before signs too, ends')}{' '}<Moment at={live.old_secret_until} />
              </span>
            )}
          </>
        }
        tabs={[
          { label: 'Settings', to: root },
          { label: 'Deliveries', to: `${root}/deliveries` },
        ]}
        tab={pathname.endsWith('/deliveries') ? `${root}/deliveries` : root}
      />
      {deletion.question}
      {asked && (
        <Ask title={say('Make a new secret for %{name}?', { name: record.name })} verb="Make a new secret" keep="Keep it" busy={busy} onDo={() => void rotate()} onClose={() => setAsked(false)}>
          {say('It is shown once. For a day requests are signed with the old one too, so that the receiver can follow.')}
        </Ask>
      )}
    </>
  );
}

/** It failed too often and nothing is sent: since when, why, and the way on. */
function Paused() {
  const say = useText();
  const live = useLiveWebhook();
  const provider = useDataProvider<NotificationProvider>();
  const notify = useNotify();
  const refresh = useRefresh();
  const change = useMayChange('webhooks');
  const [busy, setBusy] = useState(false);
  if (!live?.paused) return null;
  const resume = async () => {
    setBusy(true);
    try {
      await provider.resumeWebhook(live.id);
      notify('It is sent again', { type: 'success' });
    } catch (error) {
      notify(error instanceof Error ? error.message : String(error), { type: 'error' });
    }
    setBusy(false);
    refresh();
  };
  return (
    <Banner
      status="critical"
      title={live.pause_reason ?? 'It failed too often'}
      urgent
      actions={
        change && (
          <Button variant="outlined" disabled={busy} onClick={() => void resume()}>
            {say('Send again')}
          </Button>
        )
      }
    >
      {say('Nothing is sent since')}{' '}<Moment at={live.paused} />{say('. Mend the receiver or the address, then send again.')}
    </Banner>
  );
}

function Contents({ secret, onSeen }: { secret: string | undefined; onSeen(): void }) {
  const say = useText();
  const { pathname } = useLocation();
  return (
    <div className="w-stack">
      {secret && (
        <Banner status="waiting" title="The secret is shown this once" actions={<Button onClick={onSeen}>{say('I have it')}</Button>}>
          {say('Receivers check with it that requests are from here.')}
          <CopyableText label="Secret" text={secret} />
        </Banner>
      )}
      <Paused />
      {pathname.endsWith('/deliveries') ? <Deliveries /> : <WebhookForm />}
    </div>
  );
}

/** The page. */
export default function WebhookEdit() {
  const { state, pathname } = useLocation();
  const navigate = useNavigate();
  const given = (state as { secret?: string } | null)?.secret;
  const [secret, setSecret] = useState(given);
  useEffect(() => {
    // once: the way back and a page loaded again do not bring it back
    if (given) navigate(pathname, { replace: true, state: null });
  }, [given, navigate, pathname]);
  return (
    <EditPage<Webhook>
      what="webhook"
      compared={['name', 'url', 'format', 'room', 'events', 'enabled']}
      transform={(data) => changedWebhook(data as Record<string, unknown>)}
      header={() => <Header onSecret={setSecret} />}
      bar={<FormToolbar locked={!useMayChange('webhooks')} />}
    >
      <Contents secret={secret} onSeen={() => setSecret(undefined)} />
    </EditPage>
  );
}
