// Health in the admin: checks and thresholds of a device, those of an organization, maintenance, status pages,
// availability, and the list of devices by how they are. No check runs in the tests.
import assert from 'node:assert/strict';
import { api, bar, choose, confirm, field, notice, save } from './hands.mjs';

/** Adds a check, refused first, switches it off, and deletes it. */
async function checks(run) {
  const { page, go } = run;
  await go(`/devices/${run.deviceID}/checks`);
  await page.getByRole('button', { name: 'Add a check' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('combobox', { name: 'Type' }).click();
  await page.getByRole('option', { name: 'TCP', exact: true }).click();
  await dialog.getByLabel('Name', { exact: true }).fill('Web server');
  await dialog.getByLabel('Parameters').fill('{"port": 70000}');
  await dialog.getByRole('button', { name: 'Add check' }).click();
  await notice(page, /port/).waitFor();
  await dialog.getByLabel('Parameters').fill('{"port": 8443}');
  await dialog.getByRole('button', { name: 'Add check' }).click();
  await page.getByText('Web server').first().waitFor();
  await run.shot('checks');
  const { body } = await api(page, 'GET', `monitoring/device-check/?device=${run.deviceID}`);
  const made = body.results.find(({ name }) => name === 'Web server');
  assert.deepEqual(made.params, { port: 8443 });
  await page.getByRole('button', { name: 'More about Web server' }).click();
  await page.getByRole('menuitem', { name: 'Switch off' }).click();
  await page.getByText('off', { exact: true }).first().waitFor();
  await page.getByRole('button', { name: 'More about Web server' }).click();
  await page.getByRole('menuitem', { name: 'Delete…' }).click();
  await confirm(page, 'Delete check');
  await page.getByText('Web server').first().waitFor({ state: 'hidden' });
}

/** Gives the organization a threshold of its own. */
async function thresholds(run) {
  const { page, go } = run;
  await go('/alert-defaults/create');
  await choose(page, 'Organization', run.organization);
  await choose(page, 'Metric', 'CPU usage');
  await field(page, 'Threshold').fill('95');
  await field(page, 'People are told after').fill('60');
  await bar(page).getByRole('button', { name: 'Add threshold' }).click();
  await page.getByRole('heading', { name: 'CPU usage', level: 1 }).waitFor();
  const { body } = await api(page, 'GET', `monitoring/alert-default/?organization=${run.organizationID}`);
  assert.equal(body.results[0].threshold, 95);
  run.made.unshift(`monitoring/alert-default/${body.results[0].id}/`);
  await go('/alert-defaults');
  await page.getByText('people are told after 1 hour').first().waitFor();
  await run.shot('thresholds');
}

/** Plans maintenance that comes every week. */
async function maintenance(run) {
  const { page, go, mark } = run;
  await go('/maintenance/create');
  await field(page, 'Name *').fill(`new uplink ${mark}`);
  await choose(page, 'Organization', run.organization);
  await choose(page, 'Repeated', 'every week');
  await run.shot('maintenance-new');
  await bar(page).getByRole('button', { name: 'Plan maintenance' }).click();
  await page.getByRole('heading', { name: `new uplink ${mark}`, level: 1 }).waitFor();
  const { body } = await api(page, 'GET', `monitoring/maintenance/?organization=${run.organizationID}`);
  assert.equal(body.results[0].repeat, 'weekly');
  run.made.unshift(`monitoring/maintenance/${body.results[0].id}/`);
  await go('/maintenance');
  await page.getByText(/^every \w+day/).first().waitFor();
}

/** Makes a status page, opens its link without a session, and makes the link lead nowhere. */
async function statusPage(run) {
  const { page, go, mark } = run;
  await go('/status-pages/create');
  await field(page, 'Title *').fill(`Network ${mark}`);
  await choose(page, 'Organization', run.organization);
  await bar(page).getByRole('button', { name: 'Add status page' }).click();
  await page.getByRole('heading', { name: `Network ${mark}`, level: 1 }).waitFor();
  const { body } = await api(page, 'GET', `monitoring/status-page/?organization=${run.organizationID}`);
  const [made] = body.results;
  run.made.unshift(`monitoring/status-page/${made.id}/`);
  await page.getByText('<iframe').first().waitFor();
  await run.shot('status-page');
  const open = async () => (await fetch(made.link)).status;
  assert.equal(await open(), 200);
  await page.getByRole('button', { name: 'New link…' }).click();
  await confirm(page, 'Make a new link');
  await notice(page, 'The old link leads nowhere any more').waitFor();
  assert.equal(await open(), 404);
  await field(page, 'Title *').fill(`Our network ${mark}`);
  await save(page);
  await notice(page, /^Saved/).waitFor();
}

/** Sees how the fleet is: the filter of the list, and how much of the month it could be reached. */
async function fleet(run) {
  const { page, go } = run;
  await go(`/devices?filter=${encodeURIComponent(JSON.stringify({ organization: run.organizationID, monitoring__status: 'unknown' }))}`);
  await page.getByRole('columnheader', { name: 'Health' }).waitFor();
  await page.getByText('unknown', { exact: true }).first().waitFor();
  await run.shot('devices-by-health');
  await go('/availability');
  await page.getByRole('heading', { name: 'Availability', level: 1 }).waitFor();
  await page.getByText(/not measured|%/).first().waitFor();
  await run.shot('availability');
  for (const [file, type] of [['csv', 'text/csv'], ['pdf', 'application/pdf']]) {
    const answer = await page.evaluate(async (name) => (await fetch(`/api/v1/monitoring/availability/?file=${name}`)).headers.get('content-type'), file);
    assert.ok(answer.startsWith(type), answer);
  }
}

/** The steps of health. */
export const healthSteps = [
  ['add a check to a device, refused first, switch it off and delete it', checks],
  ['give an organization a threshold of its own', thresholds],
  ['plan maintenance for every week', maintenance],
  ['make a status page, and a new link for it', statusPage],
  ['see how the fleet is, and its availability', fleet],
];
