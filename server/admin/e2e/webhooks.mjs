// Webhooks in the admin, with a receiver of one's own.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { api, bar, choose, confirm, field, more, notice } from './hands.mjs';

/** A program that is told of events. It answers what it was told to. */
async function receiver() {
  const got = [];
  const server = createServer((request, answer) => {
    let body = '';
    request.on('data', (part) => {
      body += part;
    });
    request.on('end', () => {
      got.push({ headers: request.headers, body });
      answer.writeHead(one.status, { 'Content-Type': 'text/plain' }).end(one.status === 200 ? 'thank you' : 'out of order');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const one = { status: 200, got, address: `http://127.0.0.1:${server.address().port}/hook`, close: () => server.close() };
  return one;
}

/** Adds a webhook, tests it, sees it fail and sends once more. */
async function webhook(run) {
  const { page, go, mark } = run;
  const to = await receiver();
  try {
    await go('/webhooks/create');
    await page.getByRole('radio', { name: /^Matrix/ }).check();
    await field(page, 'Room *').waitFor();
    await page.getByRole('radio', { name: /^CloudEvents/ }).check();
    await field(page, 'Name *').fill(`Ticker ${mark}`);
    await choose(page, 'Organization', run.organization);
    await field(page, 'Address *').fill('http://user:secret@127.0.0.1/');
    await bar(page).getByRole('button', { name: 'Add webhook' }).click();
    await page.getByText('A user name or password cannot be part of the address; use the token.').first().waitFor();
    await field(page, 'Address *').fill(to.address);
    await page.getByRole('switch', { name: /^All events/ }).or(page.getByRole('checkbox', { name: /^All events/ })).uncheck();
    await page.getByLabel('Find an event').fill('config_error');
    await page.getByRole('checkbox', { name: /config_error/ }).check();
    await run.shot('webhook-new');
    await bar(page).getByRole('button', { name: 'Add webhook' }).click();
    await page.getByText('The secret is shown this once').waitFor();
    const id = /webhooks\/([0-9a-f-]{36})/.exec(page.url())?.[1];
    run.made.unshift(`notifications/webhook/${id}/`);
    await run.shot('webhook-secret');
    await page.reload();
    await page.getByRole('heading', { name: `Ticker ${mark}`, level: 1 }).waitFor();
    assert.equal(await page.getByText('The secret is shown this once').count(), 0, 'the secret is shown once');

    await page.getByRole('button', { name: 'Send a test' }).click();
    await page.getByText('delivered', { exact: true }).first().waitFor();
    assert.equal(to.got.length, 1);
    assert.equal(JSON.parse(to.got[0].body).specversion, '1.0');
    await page.getByRole('button', { name: /delivered/ }).first().click();
    await page.getByRole('region', { name: 'Answer, 200' }).getByText('thank you').waitFor();
    await run.shot('webhook-deliveries');

    to.status = 500;
    await page.getByRole('button', { name: 'Send once more' }).click();
    await notice(page, 'Sent once more').waitFor();
    await page.getByRole('button', { name: /failed.*answered 500/ }).waitFor();
    to.status = 200;

    // a device that fails is told to it
    await run.failing.reports('error', 'for the webhook');
    await page.waitForFunction(() => [...document.querySelectorAll('.n-delivery')].some((row) => row.textContent.includes('config_error') && row.textContent.includes('delivered')));
    assert.ok(to.got.some(({ body }) => body.includes(run.failing.name)));
    await run.failing.reports('applied');

    await more(page, 'Make a new secret…');
    await confirm(page, 'Make a new secret');
    await page.getByText('The secret is shown this once').waitFor();
    await page.getByRole('button', { name: 'I have it' }).click();
    await go('/webhooks');
    await page.getByRole('row', { name: new RegExp(`Ticker ${mark}`) }).waitFor();
    await run.shot('webhooks');
    run.webhookID = id;
    const { body } = await api(page, 'GET', `notifications/webhook/${id}/`);
    assert.equal(body.secret, null);
  } finally {
    to.close();
  }
}

/** The devices that were told of go: later steps count those of the organization. */
async function gone({ page, failing, witness }) {
  for (const { id } of [failing, witness]) assert.equal((await api(page, 'DELETE', `controller/device/${id}/?force=true`)).status, 204);
}

/** The steps. They need the failing device of the steps of notifications. */
export const webhookSteps = [
  ['add a webhook, test it and read its log', webhook],
  ['take the devices away that were told of', gone],
];
