// What devices measure: a metric that somebody declares becomes a chart with the next documents.
import assert from 'node:assert/strict';
import { api, bar, choose, field, noSidewaysScrolling, notice, save } from './hands.mjs';

/** Declares a metric, refused first, and sees what the device tells of it. */
async function declared(run) {
  const { page, go, mark } = run;
  await go('/custom-metrics/create');
  await field(page, 'Name *').fill(`Temperature ${mark}`);
  assert.equal(await field(page, 'Key *').inputValue(), `temperature_${mark}`);
  await choose(page, 'Organization', run.organization);
  await field(page, 'Place in the document *').fill('resources');
  await bar(page).getByRole('button', { name: 'Declare metric' }).click();
  await page.getByText(/^A path begins with a slash/).first().waitFor();
  await field(page, 'Place in the document *').fill('/resources/temperature');
  await field(page, 'Unit').fill('°C');
  await choose(page, 'Somebody is told when it is', 'Above');
  await field(page, 'Threshold *').fill('80');
  await run.shot('custom-metric-new');
  await bar(page).getByRole('button', { name: 'Declare metric' }).click();
  await page.getByRole('heading', { name: `Temperature ${mark}`, level: 1 }).waitFor();
  const id = /custom-metrics\/([^/?]+)/.exec(page.url())?.[1];
  run.made.unshift(`monitoring/custom-metric/${id}/`);
  await field(page, 'Threshold *').fill('85');
  await save(page);
  await notice(page, /^Saved/).waitFor();
  await run.shot('custom-metric');
  const { key } = (await api(page, 'GET', `controller/device/${run.deviceID}/`)).body;
  for (let i = 0; i < 12; i += 1) {
    const at = new Date(Date.now() - (12 - i) * 300_000).toISOString();
    const time = `${at.slice(8, 10)}-${at.slice(5, 7)}-${at.slice(0, 4)}_${at.slice(11, 19)}.000000`;
    const body = { type: 'DeviceMonitoring', resources: { temperature: 50 + ((i * 7) % 12) }, interfaces: [{ name: 'wan', statistics: { rx_bytes: 1e9 * (i + 1), tx_bytes: 2e8 * (i + 1) } }] };
    assert.equal((await api(page, 'POST', `monitoring/device/${run.deviceID}/?key=${key}&time=${time}`, body)).status, 200);
  }
  await go(`/devices/${run.deviceID}/charts`);
  await page.getByRole('img', { name: `Temperature ${mark}: Temperature ${mark}` }).waitFor();
  await run.shot('custom-metric-chart', { fullPage: true });
  await go('/custom-metrics');
  await page.getByRole('link', { name: `Temperature ${mark}` }).waitFor();
  await page.getByText('above 85 °C').waitFor();
  await run.shot('custom-metrics');
  await page.setViewportSize({ width: 390, height: 800 });
  await noSidewaysScrolling(page, 'the list of custom metrics');
  await run.shot('custom-metrics-telephone');
  await go(`/custom-metrics/${id}`);
  await page.getByRole('heading', { name: `Temperature ${mark}`, level: 1 }).waitFor();
  await noSidewaysScrolling(page, 'the page of a custom metric');
  await run.shot('custom-metric-telephone');
  await page.setViewportSize({ width: 1440, height: 900 });
}

/** The steps. */
export const monitoringSteps = [['declare a metric and see it measured', declared]];
