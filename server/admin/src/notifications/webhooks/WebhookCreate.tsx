// The page that adds a webhook. Its secret goes on to the next page, which shows it once.
import { useRedirect } from 'react-admin';
import { CreatePage } from '../../forms/EditPage';
import { FormToolbar } from '../../forms/FormParts';
import { changedWebhook } from './formats';
import { WebhookForm } from './WebhookForm';
import type { Webhook } from './types';

/** The page. */
export default function WebhookCreate() {
  const redirect = useRedirect();
  return (
    <CreatePage
      title="Add a webhook"
      list="Webhooks"
      transform={changedWebhook}
      defaultValues={{ format: 'cloudevents', name: '', url: '', room: '', token: '', events: ['*'], enabled: true }}
      onCreated={(made) => redirect('edit', 'webhooks', made.id, made, { secret: (made as unknown as Webhook).secret })}
      bar={<FormToolbar create verb="Add webhook" />}
    >
      <WebhookForm create />
    </CreatePage>
  );
}
