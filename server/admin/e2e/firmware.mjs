// Firmware in the admin: a category, a build, an image in parts, and what a mass upgrade would do.
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { api, bar, choose, confirm, field, idIn, noSidewaysScrolling, notice } from './hands.mjs';

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

const wayBack = /A device with two places for systems \(A\/B\) keeps the one it runs now/;

/** A device that could be upgraded if somebody were there. */
async function absent({ page, mark, organizationID }) {
  const made = async (path, body) => {
    const { status, body: answer } = await api(page, 'POST', path, body);
    assert.equal(status, 201, `${path}: ${JSON.stringify(answer)}`);
    return answer.id;
  };
  const credentials = await made('controller/credential/', { name: `roofs ${mark}`, organization: organizationID, connector: 'openwisp_controller.connection.connectors.ssh.Ssh', params: { username: 'root', password: 'of nobody' } });
  const device = await made('controller/device/', { name: `roof-${mark}`, organization: organizationID, mac_address: '02:00:5E:00:77:01', management_ip: '192.0.2.77', model: 'TP-Link TL-WDR4300 v1' });
  await made(`controller/device/${device}/connection/`, { credentials, update_strategy: 'openwisp_controller.connection.connectors.openwrt.ssh.OpenWrt', enabled: true });
  return { device, credentials };
}

/** Deletes what may still be busy for a moment with what was just cancelled. */
async function removed(page, path) {
  for (let tries = 0; ; tries++) {
    const { status, body } = await api(page, 'DELETE', path);
    if (status === 204) return;
    assert.ok(status === 409 && tries < 120, `${path}: ${status} ${JSON.stringify(body)}`);
    await page.waitForTimeout(250);
  }
}

/** Upgrades a device that is not there: the risk is said before, the progress and the log are followed, and it is given up. */
async function upgraded(run) {
  const { page, go } = run;
  const { device, credentials } = await absent(run);
  await go(`/devices/${device}/firmware`);
  await page.getByLabel('To', { exact: true }).click();
  await page.getByRole('option').filter({ hasText: `roofs ${run.mark}` }).click();
  await page.getByText('Settings are kept, with all changed files.').waitFor();
  await page.getByText(wayBack).waitFor();
  await page.getByRole('checkbox', { name: /\(-c\)$/ }).uncheck();
  await page.getByRole('checkbox', { name: /\(-n\)$/ }).check();
  await page.getByText(/^Settings are lost/).waitFor();
  await page.getByRole('checkbox', { name: /\(-n\)$/ }).uncheck();
  await page.getByRole('button', { name: 'Upgrade…' }).click();
  await page.getByRole('dialog').getByText(wayBack).waitFor();
  await page.getByRole('dialog').getByText(/^Settings are kept: the files/).waitFor();
  await confirm(page, 'Upgrade');
  await page.getByText('An upgrade is under way.').waitFor();
  await page.getByText('under way', { exact: true }).first().waitFor();
  await run.shot('firmware-upgrade');
  await go(`/firmwarecategories/${run.categoryID}/matrix`);
  await page.getByText('gets it').waitFor();
  await go('/upgradeoperations');
  await page.getByRole('link', { name: `roof-${run.mark}` }).click();
  await page.getByRole('heading', { name: `Upgrade of roof-${run.mark}`, level: 1 }).waitFor();
  const window = page.viewportSize();
  await page.setViewportSize({ width: 390, height: 844 });
  await page.getByText(wayBack).waitFor();
  await noSidewaysScrolling(page, 'an upgrade');
  await page.setViewportSize(window);
  await page.getByRole('button', { name: 'Cancel…' }).click();
  await confirm(page, 'Cancel the upgrade');
  await page.getByText('Upgrade operation has been cancelled by user').waitFor();
  await page.getByRole('button', { name: 'Try again…' }).waitFor();

  // and with others, in waves, which begin and are given up
  await go(`/firmwarebuilds/${run.buildID}/upgrade`);
  await page.getByText(`not known, was to get 24.10.${run.mark}`.slice(0, 32), { exact: false }).waitFor();
  await page.getByRole('button', { name: /^Upgrade 1 device/ }).click();
  await page.getByRole('dialog').getByText(wayBack).waitFor();
  await confirm(page, 'Upgrade 1 device');
  await page.getByText('Wave 1').waitFor();
  await run.shot('firmware-waves');
  await page.setViewportSize({ width: 390, height: 844 });
  await page.getByRole('heading', { name: new RegExp(`roofs ${run.mark}`), level: 1 }).waitFor();
  await noSidewaysScrolling(page, 'a mass upgrade');
  await page.setViewportSize(window);
  const batch = idIn(page);
  await page.locator('.w-object-actions').getByRole('button', { name: 'Cancel…' }).click();
  await confirm(page, 'Cancel it');
  await page.getByText('cancelled', { exact: true }).first().waitFor();
  await removed(page, `firmware-upgrader/batch-upgrade-operation/${batch}/`);
  await api(page, 'POST', `controller/device/${device}/deactivate/`);
  await removed(page, `controller/device/${device}/?force=true`);
  await removed(page, `controller/credential/${credentials}/`);
}

/** The steps of firmware. */
export const firmwareSteps = [
  ['add a firmware category and a build', builds],
  ['send an image in parts, refused the second time', image],
  ['see what a mass upgrade would do, and which device could have what', rehearsed],
  ['upgrade a device and follow it, told of the risk, and give it up', upgraded],
];
