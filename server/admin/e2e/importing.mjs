// A router as it is becomes a template.
import assert from 'node:assert/strict';
import { api, idIn } from './hands.mjs';

const router = `package system

config system
	option hostname 'old-router'
	option timezone 'UTC'

package network

config interface 'lan'
	option device 'br-lan'
	option proto 'static'
	option ipaddr '192.168.7.1'
	option netmask '255.255.255.0'

package shop

config till 'one'
	option drawer 'open'
`;

/** Reads a configuration as text, tells what became of it, and makes a template of it. */
export async function nativeRead(run) {
  const { page, go, mark } = run;
  await go('/devices-import');
  const read = page.getByRole('button', { name: 'Read the text' });
  assert.ok(await read.isDisabled());
  await page.getByLabel('Configuration as text').fill(router);
  await read.click();
  const report = page.getByRole('region', { name: 'What became of it' });
  await report.getByText('Kept word by word').waitFor();
  await report.locator('summary', { hasText: 'Kept word by word' }).click();
  await report.getByText(/^shop/).first().waitFor();
  const config = JSON.parse(await page.getByLabel('The configuration that was read').inputValue());
  assert.equal(config.general.timezone, 'UTC');
  assert.ok(config.interfaces.length > 0);
  await run.shot('native', { fullPage: true });
  // a backup that is none says so
  await page.getByLabel('The backup of a router').setInputFiles({ name: 'backup.tar.gz', mimeType: 'application/gzip', buffer: Buffer.from([0x1f, 0x8b, 8, 0, 0]) });
  await page.getByRole('alert').filter({ visible: true }).first().waitFor();
  assert.equal(await report.count(), 0, 'what was read before is gone');
  await page.getByLabel('Configuration as text').fill(router);
  await read.click();
  await page.getByRole('link', { name: 'Make a template of it' }).click();
  await page.waitForURL(/templates\/create/);
  await page.getByLabel('Name *', { exact: true }).fill(`Old router ${mark}`);
  await page.getByTestId('preview').getByText("option ipaddr '192.168.7.1'").first().waitFor();
  const own = page.getByRole('group', { name: 'Whose it is' }).getByRole('button').or(page.getByRole('combobox', { name: 'Whose it is' })).first();
  await own.click();
  const option = page.getByRole('option').first();
  if (await option.isVisible().catch(() => false)) await option.click();
  await page.getByRole('button', { name: 'Create template' }).click();
  await page.waitForURL(/templates\/[0-9a-f-]{36}/);
  const id = idIn(page);
  run.made.unshift(`controller/template/${id}/`);
  const { body } = await api(page, 'GET', `controller/template/${id}/`);
  assert.deepEqual(body.config, config);
}

/** The steps of it. */
export const importingSteps = [['a router as it is becomes a template', nativeRead]];
