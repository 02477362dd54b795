// What an operator does on a day, without a detour, on a server that seed.mjs has filled:
//
//   BASE_URL=http://127.0.0.1:8080 ADMIN_USER=admin ADMIN_PASSWORD=… node e2e/operator.mjs
//
// No task opens a page by its address: each begins where the one before it ended, or at the overview. What is clicked, and
// fields that are filled in, are counted, and are at most as many as are said here.
import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from './browser.mjs';
import { field, menu } from './hands.mjs';

const { ADMIN_USER: user, ADMIN_PASSWORD: password } = process.env;
const base = process.env.BASE_URL?.replace(/\/$/, '');
if (!base || !user || !password) {
  console.error('BASE_URL, ADMIN_USER and ADMIN_PASSWORD must be set');
  process.exit(2);
}
const browser = await open({ base, screenshots: process.env.SCREENSHOTS || join(tmpdir(), 'operator'), executable: process.env.WISPWRIGHT_CHROMIUM || '/usr/bin/chromium' });
const { page, go } = browser;
const mark = Date.now().toString(36);
const heading = (name) => page.getByRole('heading', { name, level: 1, exact: true });
const preview = page.getByTestId('preview');
let done = { clicks: 0, fields: 0 };
const click = async (target) => {
  done.clicks++;
  await target.click();
};
const fill = async (target, text) => {
  done.fields++;
  await target.fill(text);
};

/** Finds something from the keyboard: what is typed, and who should be found. */
async function find(text, name) {
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog').locator('input:focus').waitFor();
  await fill(page.getByRole('combobox', { name: 'Find' }), text);
  await page.getByRole('option', { name: new RegExp(name) }).first().waitFor();
  await page.keyboard.press('Enter');
  await heading(name).waitFor();
}

/** The tasks: what, at most how many clicks and fields, how. */
const tasks = [
  ['log in after a wrong password', 2, 3, async () => {
    await go('/');
    await fill(page.locator('input[name=username]'), user);
    await fill(page.locator('input[name=password]'), 'certainly not this');
    await click(page.getByRole('button', { name: 'Log in' }));
    await page.getByText('Unable to log in with provided credentials.').waitFor();
    await fill(page.locator('input[name=password]'), password);
    await click(page.getByRole('button', { name: 'Log in' }));
    await heading('Overview').waitFor();
  }],
  ['find a device by its MAC address as it is on the label', 0, 1, () => find('5c628b1e0000', 'kennedy-1f-ap01')],
  ['find it by its address', 0, 1, () => find('10.41.0.20', 'kennedy-1f-ap01')],
  ['find it by its name', 0, 1, () => find('kennedy-1f-ap01', 'kennedy-1f-ap01')],
  ['why is a device in error', 3, 0, async () => {
    await click(menu(page).getByRole('link', { name: 'Overview', exact: true }));
    await click(page.getByRole('link', { name: /^[1-9]\d* error$/ }));
    await page.getByText(/CHANNEL_NOT_ALLOWED/).first().waitFor();
    await click(page.locator('main tbody tr', { hasText: 'CHANNEL_NOT_ALLOWED' }).first().getByRole('link').first());
    await page.getByRole('alert').getByText(/CHANNEL_NOT_ALLOWED/).first().waitFor();
  }],
  ['make a Wi-Fi with WPA3', 6, 2, async () => {
    await click(menu(page).getByRole('link', { name: 'Templates', exact: true }));
    await click(page.getByRole('link', { name: 'Create template' }));
    await heading('Wi-Fi network').waitFor();
    await fill(field(page, 'Name people see'), `Scuola ${mark}`);
    await click(page.getByRole('button', { name: 'WPA3', exact: true }));
    await fill(field(page, 'Password'), 'correct horse');
    await click(page.getByRole('combobox', { name: 'Whose it is' }));
    await click(page.getByRole('option', { name: 'Friuli Schools', exact: true }));
    await preview.getByText("option encryption 'sae+ccmp'").first().waitFor();
    await click(page.getByRole('button', { name: 'Create template' }));
    await page.waitForURL(/templates\/[0-9a-f-]{36}/);
  }],
  ['give it to all devices that are found', 9, 1, async () => {
    await click(menu(page).getByRole('link', { name: 'Devices', exact: true }));
    await fill(page.getByRole('searchbox', { name: 'Search' }), 'malignani-');
    await page.getByRole('link', { name: 'malignani-gateway', exact: true }).waitFor();
    await page.getByRole('link', { name: 'kennedy-gateway', exact: true }).waitFor({ state: 'detached' });
    await click(page.locator('thead input[type=checkbox]'));
    await click(page.getByRole('region', { name: 'Selected' }).getByRole('button', { name: 'Change…' }));
    const dialog = page.getByRole('dialog');
    await click(dialog.getByRole('combobox', { name: /^Template/ }));
    await click(page.getByRole('option', { name: `Wi-Fi network Scuola ${mark}` }));
    await click(dialog.getByRole('button', { name: 'Try it' }));
    const change = dialog.getByRole('button', { name: /^Change \d+ devices$/ });
    await dialog.getByRole('progressbar').waitFor({ state: 'detached' });
    await click(change);
    await dialog.getByText(/changed/).first().waitFor();
    await click(dialog.getByRole('button', { name: 'Back to the list' }));
  }],
  ['where does a line of the configuration come from', 3, 0, async () => {
    await click(page.getByRole('link', { name: /^malignani-1f-ap0/ }).first());
    await click(page.getByRole('tab', { name: 'Configuration', exact: true }));
    await preview.getByText('option ssid').first().waitFor();
    await click(page.getByRole('button', { name: 'Where from' }));
    await page.getByText(/Wi-Fi network Scuola|School Wi-Fi/).first().waitFor();
  }],
  ['what changed, and when', 3, 0, async () => {
    await click(page.getByRole('tab', { name: 'History', exact: true }));
    await click(page.getByRole('button', { name: 'View' }).first());
    await page.getByRole('dialog').getByText(/Scuola/).first().waitFor();
    await click(page.getByRole('dialog').getByRole('button', { name: 'Close' }));
  }],
  ['back to where one came from', 0, 0, async () => {
    for (let i = 0; i < 6 && !/\/devices(\?|$)/.test(page.url()); i++) await page.goBack();
    await page.getByRole('link', { name: 'malignani-gateway', exact: true }).waitFor();
    assert.equal(await page.getByRole('searchbox', { name: 'Search' }).inputValue(), 'malignani-', 'the list is as it was left');
  }],
  ['take the list along as a file', 1, 0, async () => {
    const [file] = await Promise.all([page.waitForEvent('download'), click(page.getByRole('button', { name: 'Export' }))]);
    assert.match(file.suggestedFilename(), /^devices-.*\.csv$/);
  }],
];

const wanted = new RegExp(process.env.STEPS || '');
let failed = 0;
for (const [name, clicks, fields, task] of tasks) {
  if (!wanted.test(name)) continue;
  done = { clicks: 0, fields: 0 };
  const before = browser.faults.length;
  const begun = Date.now();
  let problem;
  try {
    await task();
    problem = browser.faults[before];
    if (!problem && (done.clicks > clicks || done.fields > fields)) problem = `more than ${clicks} clicks and ${fields} fields`;
  } catch (error) {
    problem = error instanceof Error ? error.message : String(error);
  }
  console.log(`${problem ? 'FAIL' : 'ok  '} ${name}: ${done.clicks} clicks, ${done.fields} fields (${Date.now() - begun} ms)${problem ? `\n     ${problem}` : ''}`);
  if (!problem) continue;
  failed++;
  await browser.shot(`failed-${name.replace(/\W+/g, '-')}`).catch(() => undefined); // the task's problem matters more
  break; // each begins where the one before it ended
}
await browser.close();
process.exit(failed > 0 ? 1 : 0);
