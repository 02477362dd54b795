// Firmware in the admin: a category, a build, an image in parts, and what a mass upgrade would do.
import { Buffer } from 'node:buffer';
import { api, bar, choose, field, idIn, notice } from './hands.mjs';

const imageName = 'openwrt-24.10.0-ath79-generic-tplink_tl-wdr4300-v1-squashfs-sysupgrade.bin';

/** Adds a category and a build of it. */
async function builds(run) {
  const { page, go, mark } = run;
  await go('/firmwarecategories/create');
  await field(page, 'Name *').fill(`roofs ${mark}`);
  await choose(page, 'Organization', run.organization);
  await bar(page).getByRole('button', { name: 'Add category' }).click();
  await page.getByRole('heading', { name: `roofs ${mark}`, level: 1 }).waitFor();
  run.categoryID = idIn(page);
  run.made.unshift(`firmware-upgrader/category/${run.categoryID}/`);
  await page.getByRole('link', { name: 'Add build' }).click();
  await field(page, 'Version *').fill(`24.10.${mark}`.slice(0, 32));
  await bar(page).getByRole('button', { name: 'Add build' }).click();
  await page.getByRole('heading', { name: new RegExp(`roofs ${mark}`), level: 1 }).waitFor();
  run.buildID = idIn(page);
}

/** Sends an image; for what it is follows from its name, and a second one of the type is refused. */
async function image(run) {
  const { page, go } = run;
  await go(`/firmwarebuilds/${run.buildID}`);
  const file = { name: imageName, mimeType: 'application/octet-stream', buffer: Buffer.alloc(5 << 20, 'image') };
  await page.getByLabel('Images', { exact: true }).setInputFiles(file);
  await page.getByText('for TP-Link WDR4300 v1', { exact: false }).or(page.getByText(/^for .*4300/)).first().waitFor();
  await page.getByRole('button', { name: 'Send it' }).click();
  await notice(page, 'The image is there').waitFor();
  await page.getByText('says nothing of itself').waitFor();
  await run.shot('firmware-build');
  await page.getByLabel('Images', { exact: true }).setInputFiles(file);
  await page.getByRole('button', { name: 'Send it' }).click();
  await page.getByText(/already exists/).first().waitFor();
}

/** Sees what a mass upgrade would do: the device is left out, since nothing reaches it; and the matrix. */
async function rehearsed(run) {
  const { page, go } = run;
  const before = (await api(page, 'GET', `controller/device/${run.deviceID}/`)).body;
  await api(page, 'PATCH', `controller/device/${run.deviceID}/`, { model: 'TP-Link TL-WDR4300 v1' });
  await go(`/firmwarebuilds/${run.buildID}/upgrade`);
  await page.getByText('No device would be upgraded').waitFor();
  await page.getByText('No related connection or credentials found for this device.').waitFor();
  await run.shot('firmware-dry-run');
  await go(`/firmwarecategories/${run.categoryID}/matrix`);
  await page.getByRole('cell', { name: 'possible' }).first().waitFor();
  await run.shot('firmware-matrix');
  await go(`/devices/${run.deviceID}/firmware`);
  await page.getByText('The device has no connection by which it could be upgraded').waitFor();
  await page.getByText('No upgrades yet').waitFor();
  await api(page, 'PATCH', `controller/device/${run.deviceID}/`, { model: before.model });
  for (const path of ['/massupgrades', '/upgradeoperations']) {
    await go(path);
    await page.getByText(/^No (mass )?upgrades yet$/).waitFor();
  }
}

/** The steps of firmware. */
export const firmwareSteps = [
  ['add a firmware category and a build', builds],
  ['send an image in parts, refused the second time', image],
  ['see what a mass upgrade would do, and which device could have what', rehearsed],
];
