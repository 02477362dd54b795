// Certification authorities and certificates: made, silenced, renewed, revoked; a wrong file is refused.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { api, choose, confirm, field, idIn, more, save, shown } from './hands.mjs';

/** A CA and a certificate of it are made. */
async function issue(run) {
  const { page, go, mark, organization } = run;
  run.ca = `Field CA ${mark}`;
  await go('/cas/create');
  await field(page, 'Name *').fill(run.ca);
  await choose(page, 'Organization', organization);
  await field(page, 'Common name').fill(run.ca);
  await save(page);
  await page.waitForURL(/cas\/\d+/);
  run.caID = Number(idIn(page));
  run.made.unshift(`controller/ca/${run.caID}/`);
  await page.getByRole('heading', { name: run.ca, level: 1 }).waitFor();
  await run.shot('ca');

  run.cert = `portal-${mark}`;
  await go('/certs/create');
  await field(page, 'Name *').fill(run.cert);
  await choose(page, 'Organization', organization);
  await page.getByRole('combobox', { name: /^CA/ }).fill(run.ca);
  await page.getByRole('option', { name: run.ca }).click();
  await field(page, 'Common name').fill('portal.example.org');
  await save(page);
  await page.waitForURL(/certs\/\d+/);
  run.certID = Number(idIn(page));
  run.made.unshift(`controller/cert/${run.certID}/`);
  await shown(page, 'portal.example.org').waitFor();
  await page.getByText(run.ca).first().waitFor();
  await run.shot('certificate');
  const [file] = await Promise.all([page.waitForEvent('download'), more(page, 'Download certificate and chain')]);
  const text = await readFile(await file.path(), 'utf8');
  assert.equal(text.match(/BEGIN CERTIFICATE/g)?.length, 2, 'the certificate and its CA');
}

/** A file that is no certificate is refused at its field, and nothing is made. */
async function refuse(run) {
  const { page, go, mark } = run;
  const count = async () => (await api(page, 'GET', 'controller/ca/?page_size=1')).body.count;
  const before = await count();
  await go('/cas/create');
  await page.getByRole('radio', { name: 'Import one I have' }).check();
  await field(page, 'Name *').fill(`wrong ${mark}`);
  await choose(page, 'Organization', run.organization);
  await field(page, 'Certificate (PEM) *').fill('this is no certificate');
  await save(page);
  await page.locator('[role=alert], .Mui-error').filter({ visible: true }).first().waitFor();
  assert.equal(await count(), before);
  await run.shot('ca-refused');
}

/** One need not be told of a certificate that is about to end anyway. */
async function silence(run) {
  const { page, go, certID, cert } = run;
  await go(`/certs/${certID}`);
  await page.getByRole('button', { name: `Silence ${cert}…` }).click();
  await page.getByRole('radio', { name: 'For a week' }).check();
  await confirm(page, 'Silence');
  await page.getByRole('button', { name: /^Silenced until/ }).waitFor();
  const path = `notifications/notification/ignore/pki/cert/${certID}/`;
  assert.equal((await api(page, 'GET', path)).body.object_id, String(certID));
  assert.equal((await api(page, 'DELETE', path)).status, 204);
}

/** Renewed with its CA, then revoked: it stands in the list. */
async function revoke(run) {
  const { page, go, certID, caID } = run;
  const read = async () => (await api(page, 'GET', `controller/cert/${certID}/`)).body;
  const before = await read();
  await go(`/cas/${caID}`);
  await page.getByRole('button', { name: 'Renew…' }).click();
  await run.shot('ca-renew');
  await page.getByRole('radio', { name: /^With a new key: 1 certificate/ }).check();
  await confirm(page, 'Renew the CA and 1 certificate');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  const after = await read();
  assert.notEqual(after.serial_number, before.serial_number);

  await go(`/certs/${certID}`);
  await more(page, 'Revoke…');
  await confirm(page, 'Revoke');
  await page.locator('.w-pill').getByText(/revoked/i).waitFor();
  await run.shot('certificate-revoked');
  assert.equal((await read()).revoked, true);
  const crl = await page.evaluate(async (id) => (await fetch(`/pki/${id}.crl`)).status, caID);
  assert.equal(crl, 200);
}

/** The steps. */
export const certificateSteps = [
  ['make a CA and a certificate', issue],
  ['refuse a CA that is none', refuse],
  ['silence a certificate', silence],
  ['renew a CA and revoke a certificate', revoke],
];
