import { expect, it } from 'vitest';
import { byArea, changedWebhook, deliveryLook, formatOf, formats, standing, subscribed } from './formats';

const events = [
  { name: 'device.registered', label: 'A device registered' },
  { name: 'device.deleted', label: 'A device was deleted' },
  { name: 'user.added', label: 'A person was added' },
];

it('says how a webhook stands, the worst first', () => {
  const word = (enabled: boolean, paused: string | null, failures: number) => standing({ enabled, paused, failures }).word;
  expect([word(true, null, 0), word(true, null, 2), word(true, '2026-01-01T00:00:00Z', 9), word(false, '2026-01-01T00:00:00Z', 9)]).toEqual(['on', 'failing', 'paused', 'off']);
  expect(standing({ enabled: true, paused: null, failures: 1 }).title).toBe('The last request failed');
});

it('tells a delivery that waits from one that was tried', () => {
  expect([deliveryLook({ state: 'waiting', attempts: 0 }).word, deliveryLook({ state: 'waiting', attempts: 3 }).word, deliveryLook({ state: 'failed', attempts: 3 }).status]).toEqual(['waiting', 'tried, waits', 'critical']);
});

it('knows what each service wants', () => {
  expect(formats.map(({ id, room, token }) => [id, Boolean(room), token?.required ?? false])).toEqual([
    ['cloudevents', false, false],
    ['slack', false, false],
    ['teams', false, false],
    ['matrix', true, true],
    ['telegram', true, true],
  ]);
  expect(formatOf('nonsense').id).toBe('cloudevents');
});

it('puts events together and says what is subscribed to', () => {
  expect(byArea(events).map(({ area, events: own }) => [area, own.length])).toEqual([['Device', 2], ['User', 1]]);
  expect([subscribed(['*'], events), subscribed(['user.added'], events), subscribed(['later.event'], events), subscribed(['a', 'b'], events)]).toEqual(['all events', 'A person was added', 'later.event', '2 events']);
});

it('leaves a token alone that nobody typed, and sends no room where there is none', () => {
  expect(changedWebhook({ name: 'a', format: 'slack', room: '!x:y', token: '', organization: '', has_token: true, secret: null })).toEqual({ name: 'a', format: 'slack', room: '', organization: null });
  expect(changedWebhook({ name: 'a', format: 'matrix', room: '!x:y', token: 't', organization: 'o' })).toEqual({ name: 'a', format: 'matrix', room: '!x:y', token: 't', organization: 'o' });
});
