// The programs and services a webhook can speak to, and what each wants to know.
import type { StatusName } from '../../design/tokens';
import type { Delivery, Format, Webhook, WebhookEvent } from './types';

/** What a form asks for. */
export interface FormatLook {
  id: Format;
  name: string;
  /** For what it is. */
  about: string;
  address: { example: string; help: string };
  room?: { label: string; help: string };
  token?: { label: string; help: string; required: boolean };
}

/** The formats, in the order they are offered. */
export const formats: FormatLook[] = [
  {
    id: 'cloudevents',
    name: 'CloudEvents',
    about: 'Signed JSON for a program of your own, n8n, Node-RED, Zapier',
    address: { example: 'https://automation.example.org/wispwright', help: 'Requests are signed with the secret that is shown once after saving.' },
    token: { label: 'Token', help: 'Sent as “Authorization: Bearer …”, where the receiver wants one.', required: false },
  },
  {
    id: 'slack',
    name: 'Slack',
    about: 'An incoming webhook of Slack, Mattermost or Rocket.Chat',
    address: { example: 'https://hooks.slack.com/services/T000/B000/XXXX', help: 'Slack: Apps, Incoming Webhooks, Add to Slack; then copy the address.' },
  },
  {
    id: 'teams',
    name: 'Microsoft Teams',
    about: 'A workflow that posts to a channel',
    address: { example: 'https://prod-00.westeurope.logic.azure.com/workflows/…', help: 'In the channel: ⋯, Workflows, “Post to a channel when a webhook request is received”.' },
  },
  {
    id: 'matrix',
    name: 'Matrix',
    about: 'A room on a home server, such as Element’s',
    address: { example: 'https://matrix.example.org', help: 'The address of the home server.' },
    room: { label: 'Room', help: 'Its id, such as !abc:example.org: room settings, Advanced. The account must have joined it.' },
    token: { label: 'Access token', help: 'Of the account that writes.', required: true },
  },
  {
    id: 'telegram',
    name: 'Telegram',
    about: 'A bot that writes to a chat or channel',
    address: { example: 'https://api.telegram.org', help: 'The address of Telegram, or of a server of your own.' },
    room: { label: 'Chat', help: 'Its id, such as -1001234567890, or @channel.' },
    token: { label: 'Token of the bot', help: 'From @BotFather, such as 123456:ABC-DEF…', required: true },
  },
];

/** The look of a format. */
export function formatOf(id: string): FormatLook {
  return formats.find((one) => one.id === id) ?? (formats[0] as FormatLook);
}

/** How a webhook stands, with the word of the cause. */
export function standing({ enabled, paused, failures }: Pick<Webhook, 'enabled' | 'paused' | 'failures'>): { status: StatusName; word: string; title?: string } {
  if (!enabled) return { status: 'off', word: 'off', title: 'Nothing is sent' };
  if (paused) return { status: 'critical', word: 'paused', title: 'It failed too often, so nothing is sent' };
  if (failures > 0) return { status: 'problem', word: 'failing', title: `The last ${failures === 1 ? 'request' : `${failures} requests`} failed` };
  return { status: 'ok', word: 'on' };
}

/** How a delivery stands. */
export function deliveryLook({ state, attempts }: Pick<Delivery, 'state' | 'attempts'>): { status: StatusName; word: string } {
  if (state === 'delivered') return { status: 'ok', word: 'delivered' };
  if (state === 'failed') return { status: 'critical', word: 'failed' };
  return attempts > 0 ? { status: 'problem', word: 'tried, waits' } : { status: 'waiting', word: 'waiting' };
}

/** Subscribes to all events, also those of later versions. */
export const everything = '*';

/** Events by what they are of: the part of their name before the first dot. */
export function byArea(events: WebhookEvent[]): { area: string; events: WebhookEvent[] }[] {
  const areas = new Map<string, WebhookEvent[]>();
  for (const event of events) {
    const area = event.name.split('.')[0] ?? '';
    areas.set(area, [...(areas.get(area) ?? []), event]);
  }
  return [...areas].map(([area, own]) => ({ area: area.charAt(0).toUpperCase() + area.slice(1), events: own }));
}

/** A subscription in words: all events, one name, or how many. */
export function subscribed(names: string[], events: WebhookEvent[]): string {
  if (names.includes(everything)) return 'all events';
  if (names.length === 1) return events.find(({ name }) => name === names[0])?.label ?? (names[0] as string);
  return `${names.length} events`;
}

/** What is sent of a form: an unknown token is left as it is, and what the format does not want is emptied. */
export function changedWebhook(data: Record<string, unknown>): Record<string, unknown> {
  const { token, has_token: _has, secret: _secret, ...rest } = data;
  const format = formatOf(String(data.format ?? ''));
  return { ...rest, organization: data.organization || null, room: format.room ? (data.room ?? '') : '', ...(token === undefined || token === null || token === '' ? {} : { token }) };
}
