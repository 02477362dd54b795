// What a person does in the admin, one step after the other; later steps use what earlier ones made.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { violations } from './axe.mjs';
import { api, bar, choose, confirm, field, filterBy, idIn, logIn, logOut, menu, more, noSidewaysScrolling, notice, overview, save, shown, tab } from './hands.mjs';
import { certificateSteps } from './certificates.mjs';
import { firmwareSteps } from './firmware.mjs';
import { monitoringSteps } from './monitoring.mjs';
import { notificationSteps } from './notifications.mjs';
import { healthSteps } from './health.mjs';
import { placeSteps } from './places.mjs';
import { reachingSteps } from './reaching.mjs';
import { webhookSteps } from './webhooks.mjs';
import { confirmationPath } from './outbox.mjs';
import { importingSteps } from './importing.mjs';
import { structureSteps } from './structure.mjs';
import { totp, wrongCode } from './totp.mjs';

async function refusedLogin(run) {
  await run.go('/');
  await run.page.locator('input[name=username]').waitFor();
  await run.shot('login');
  await logIn(run, run.user, 'certainly not this');
  await run.page.getByText('Unable to log in with provided credentials.').waitFor();
}

async function login(run) {
  await logIn(run, run.user, run.password);
  await overview(run.page);
  await run.shot('dashboard');
}

async function organization(run) {
  const { page, go, mark } = run;
  run.organization = `E2E ${mark}`;
  await go('/organizations/create');
  await field(page, 'Name *').fill(run.organization);
  assert.equal(await field(page, 'Slug *').inputValue(), `e2e-${mark}`);
  await save(page);
  await page.waitForURL(/organizations\/[0-9a-f-]{36}/);
  run.organizationID = idIn(page);
  run.made.push(`users/organization/${run.organizationID}/`);
  await page.getByText('Configuration management').waitFor();
  const secret = page.getByLabel('Shared secret', { exact: true });
  assert.equal(await secret.getAttribute('type'), 'password');
  await page.getByRole('button', { name: 'Show shared secret' }).click();
  assert.equal(await secret.getAttribute('type'), 'text');
  assert.match(await secret.inputValue(), /^[^\s/.]{8,}$/);
  await page.getByRole('button', { name: 'Add variable' }).click();
  await page.getByLabel('Name of variable 1').fill('region');
  await page.getByLabel('Value of variable region').fill('north');
  await save(page);
  await notice(page, /^Saved/).waitFor();
  await run.shot('organization');
  const { body } = await api(page, 'GET', `controller/organization/${run.organizationID}/settings/`);
  assert.deepEqual(body.context, { region: 'north' });
}

async function takenSlug({ page, go, organization, mark }) {
  await go('/organizations/create');
  await field(page, 'Name *').fill(organization);
  await field(page, 'Slug *').fill(`e2e-${mark}`);
  await save(page);
  await shown(page, 'organization with this slug already exists.').waitFor();
}

/** Chooses whose a template is: a button when there are few, else a list. */
async function own(page, name) {
  const button = page.getByRole('group', { name: 'Whose it is' }).getByRole('button', { name, exact: true });
  const list = page.getByRole('combobox', { name: 'Whose it is' });
  await button.or(list).first().waitFor();
  if (await button.count()) await button.click();
  else await choose(page, 'Whose it is', name);
}

/** What a Wi-Fi costs: every field that is filled in and every button that is pressed is counted. */
async function wifi(run) {
  const { page, go, mark } = run;
  await go('/templates/create');
  await page.getByRole('heading', { name: 'Wi-Fi network', level: 1 }).waitFor();
  let fields = 0;
  let buttons = 0;
  const save = page.getByRole('button', { name: 'Create template' });
  await field(page, 'Password').fill('short');
  await field(page, 'Password').blur();
  await page.getByText('At least 8 characters, now 5').waitFor();
  assert.equal(await page.getByText(/At least 8 characters/).count(), 1, 'it is said once');
  assert.equal(await page.getByText(/not valid under any/).count(), 0, 'nobody is scolded in the words of a schema');
  assert.ok(await save.isDisabled());
  await run.shot('wifi-short-password');

  await field(page, 'Name people see').fill(`Scuola ${mark}`);
  fields++;
  await page.getByRole('button', { name: 'WPA3', exact: true }).click();
  fields++;
  await field(page, 'Password').fill('correct horse');
  fields++;
  await own(page, run.organization);
  fields++;
  await page.getByTestId('preview').getByText("option encryption 'sae+ccmp'").first().waitFor();
  assert.equal(await page.getByTestId('preview').getByText('correct horse').count(), 0, 'a password is dots');
  await run.shot('wifi');
  await save.click();
  buttons++;
  await page.waitForURL(/templates\/[0-9a-f-]{36}/);
  assert.ok(fields <= 4 && buttons === 1, `${fields} fields and ${buttons} buttons`);

  const id = idIn(page);
  run.made.unshift(`controller/template/${id}/`);
  const { body } = await api(page, 'GET', `controller/template/${id}/`);
  assert.equal(body.name, `Wi-Fi network Scuola ${mark}`);
  assert.equal(body.organization, run.organizationID);
  assert.deepEqual(body.config.interfaces.map(({ wireless }) => [wireless.radio, wireless.ssid, wireless.network, wireless.encryption.protocol, wireless.encryption.key]), [
    ['radio0', `Scuola ${mark}`, ['lan'], 'wpa3_personal', 'correct horse'],
    ['radio1', `Scuola ${mark}`, ['lan'], 'wpa3_personal', 'correct horse'],
  ]);

  // it is read back as the answers it was made of, changed, and another thing added
  const card = page.getByRole('region', { name: `Wi-Fi network Scuola ${mark}` });
  await card.getByRole('button', { name: /^Wi-Fi network/ }).click();
  assert.equal(await field(page, 'Name people see').inputValue(), `Scuola ${mark}`);
  await page.getByRole('button', { name: 'WPA2 and WPA3', exact: true }).click();
  await page.getByTestId('preview').getByText("option encryption 'sae-mixed+ccmp'").first().waitFor();
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByRole('dialog').getByLabel('Find a task').fill('static');
  await page.getByRole('dialog').getByRole('button', { name: /^Static route/ }).click();
  await field(page, 'Destination').fill('10.20.0.0/16');
  await page.getByTestId('preview').getByText("option target '10.20.0.0'").waitFor();
  await run.shot('wifi-template', { fullPage: true });
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await notice(page, /^Saved/).waitFor();
  const { body: changed } = await api(page, 'GET', `controller/template/${id}/`);
  assert.equal(changed.config.interfaces[1].wireless.encryption.protocol, 'wpa2_personal_mixed');
  assert.equal(changed.config.interfaces[0].name, body.config.interfaces[0].name, 'the interfaces are the same ones');
  assert.equal(changed.config.routes[0].destination, '10.20.0.0/16');
}

/** Every task of the gallery opens, and tells what it needs. */
async function gallery(run) {
  const { page, go } = run;
  await go('/templates/create');
  const entries = page.getByRole('complementary', { name: 'What should it do?' }).getByRole('button');
  await entries.first().waitFor();
  const names = await entries.locator('b').allInnerTexts();
  assert.ok(names.length >= 20, `${names.length} tasks`);
  for (const name of names.slice(0, -1)) {
    await entries.filter({ has: page.getByText(name, { exact: true }) }).first().click();
    await page.getByRole('heading', { name, level: 1, exact: true }).waitFor();
    assert.equal(await page.getByRole('alert').filter({ visible: true }).count(), 0, `${name} begins without a complaint`);
  }
  await field(page, 'Find a task').fill('guest');
  assert.deepEqual(await entries.locator('b').allInnerTexts(), ['Guest Wi-Fi', 'Empty']);
  await entries.first().click();
  await run.shot('guest');
}

async function template(run) {
  const { page, go, mark } = run;
  run.template = `ntp-${mark}`;
  await go('/templates/create?task=empty');
  await field(page, 'Name *').fill(run.template);
  await page.getByRole('button', { name: 'Create template' }).click();
  await page.getByText('Choose an organization, or all of them').first().waitFor();
  await own(page, run.organization);
  await page.getByRole('radio', { name: /^Every device Also.*can be taken off/ }).check();
  await page.getByRole('button', { name: 'Add variable' }).click();
  await page.getByLabel('Name of variable 1').fill('ntp_server');
  await page.getByLabel('Value of variable ntp_server').fill('time.example.org');
  await page.getByRole('button', { name: 'JSON', exact: true }).click();
  const text = page.getByLabel('Configuration as JSON');
  await text.fill('{"ntp": {"enabled": true, "server": ["{{ ntp_server }}"]');
  await page.getByText(/Not valid JSON/).waitFor();
  await text.fill('{"ntp": {"enabled": true, "server": ["{{ ntp_server }}"]}}');
  await page.getByTestId('preview').getByText('time.example.org').waitFor();
  await page.getByRole('button', { name: 'All fields', exact: true }).click();
  const section = page.getByTestId('schema-form').getByRole('region', { name: 'NTP Settings' });
  await section.getByRole('button', { name: /^NTP Settings/ }).click();
  const servers = section.getByLabel('NTP Servers', { exact: true });
  assert.equal(await servers.inputValue(), '{{ ntp_server }}');
  assert.equal(await page.locator('.t-wrong').filter({ visible: true }).count(), 0, 'a variable is no error');
  await page.getByRole('button', { name: 'Create template' }).click();
  await page.waitForURL(/templates\/[0-9a-f-]{36}/);
  run.templateID = idIn(page);
  run.made.unshift(`controller/template/${run.templateID}/`);
  await page.getByRole('heading', { name: run.template, level: 1 }).waitFor();
  await run.shot('template');
}

async function device(run) {
  const { page, go, mark } = run;
  run.device = `ap-${mark}`;
  await go('/devices/create');
  await field(page, 'Name *').fill(run.device);
  await choose(page, 'Organization', run.organization);
  await field(page, 'MAC address *').fill('not a mac');
  await page.getByRole('button', { name: 'Configure it now' }).click();
  await page.getByRole('group', { name: 'Templates' }).getByText(run.template).waitFor();
  await page.getByTestId('preview').getByText('time.example.org').waitFor();
  await save(page);
  await shown(page, 'Must be a valid mac address.').waitFor();
  await run.shot('device-refused');
  const [a, b, c] = [24, 16, 8].map((shift) => ((Date.now() >> shift) & 0xff).toString(16).padStart(2, '0').toUpperCase());
  await field(page, 'MAC address *').fill(`02:00:5E:${a}:${b}:${c}`);
  await save(page);
  await page.waitForURL(/devices\/[0-9a-f-]{36}/);
  run.deviceID = idIn(page);
  run.made.unshift(`controller/device/${run.deviceID}/?force=true`);
  const { body } = await api(page, 'GET', `controller/device/${run.deviceID}/`);
  assert.deepEqual(body.config.templates, [run.templateID]);
  assert.equal(body.config.status, 'modified');
  run.mac = body.mac_address;
}

async function configuration(run) {
  const { page, go } = run;
  await go(`/devices/${run.deviceID}/configuration`);
  const preview = page.getByTestId('preview');
  await preview.getByText('time.example.org').waitFor();
  await page.getByRole('button', { name: 'Add variable' }).click();
  await page.getByLabel('Name of variable 1').fill('ntp_server');
  await page.getByLabel('Value of variable ntp_server').fill('clock.example.net');
  await preview.getByText('clock.example.net').waitFor();

  // raw JSON to the form of all fields and back
  await page.getByRole('button', { name: 'JSON', exact: true }).click();
  const text = page.getByLabel('Configuration as JSON');
  await text.fill('{"interfaces": [{"type": "ethernet", "name": "eth7", "mtu": 1400, "theirs": {"kept": true}}], "general": {"description": "first"}}');
  await preview.getByText("'eth7'").first().waitFor();
  await page.getByRole('button', { name: 'All fields', exact: true }).click();
  const form = page.getByTestId('schema-form');
  const section = (name) => form.getByRole('region', { name, exact: true });
  await section('Interfaces').getByRole('button', { name: /^Interfaces/ }).click();
  await section('Interfaces').getByRole('button', { name: /^eth7/ }).click();
  const name = page.locator('#field-interfaces-0-name');
  assert.equal(await name.inputValue(), 'eth7');
  await section('General').getByRole('button', { name: /^General/ }).click();
  await page.locator('#field-general-description').fill('second');
  await page.getByRole('button', { name: 'JSON', exact: true }).click();
  const written = JSON.parse(await text.inputValue());
  assert.equal(written.general.description, 'second');
  assert.deepEqual(Object.keys(written), ['interfaces', 'general'], 'the order of the author is kept');
  assert.deepEqual(written.interfaces[0], { type: 'ethernet', name: 'eth7', mtu: 1400, theirs: { kept: true } }, 'nothing is lost');

  // the error of the server at its field, in words, and a link that leads there
  await page.getByRole('button', { name: 'All fields', exact: true }).click();
  await section('Interfaces').getByRole('button', { name: /^Interfaces/ }).click();
  await section('Interfaces').getByRole('button', { name: /^eth7/ }).click();
  await name.fill('interface-with-a-name-too-long');
  await page.getByText('1 problem').waitFor();
  assert.equal(await form.getByText('At most 15 characters, now 30').count(), 1);
  assert.equal(await page.getByText('not valid under any').count(), 0);
  await page.getByRole('button', { name: /^Interface interface-with-.* › Name$/ }).click();
  assert.ok(await name.evaluate((element) => element === document.activeElement), 'the link leads to the field');
  await run.shot('configuration-refused', { fullPage: true });
  await save(page);
  await page.locator('[role=alert]').getByText('Configuration:').filter({ visible: true }).first().waitFor();
  assert.equal(await page.getByText('not valid under any').count(), 0);
  await run.shot('configuration-not-saved');
  const before = await api(page, 'GET', `controller/device/${run.deviceID}/`);
  assert.deepEqual(before.body.config.config, {}, 'a refused configuration changes nothing');
  await name.fill('eth8');
  await preview.getByText("'eth8'").first().waitFor();
  await page.getByText('1 problem').waitFor({ state: 'detached' });
  await save(page);
  await notice(page, /^Saved/).waitFor();
  await run.shot('configuration', { fullPage: true });
  const { body } = await api(page, 'GET', `controller/device/${run.deviceID}/`);
  assert.equal(body.config.config.interfaces[0].name, 'eth8');
  assert.deepEqual(body.config.context, { ntp_server: 'clock.example.net' });
  assert.deepEqual(body.config.templates, [run.templateID]);
}

async function download({ page, deviceID, device }) {
  await page.getByText('All variables, and where they come from').click();
  await page.locator('.w-origins').getByText(device, { exact: true }).waitFor();
  const [file] = await Promise.all([page.waitForEvent('download'), more(page, 'Download configuration')]);
  assert.match(file.suggestedFilename(), /\.tar\.gz$/);
  assert.match(file.url(), new RegExp(deviceID));
}

async function history(run) {
  const { page } = run;
  await tab(page, 'History').click();
  await page.getByRole('button', { name: 'View' }).first().click();
  await page.getByRole('dialog').getByText('clock.example.net').waitFor();
  await run.shot('history');
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
}

/** Finds a device by the network of its address; what is no network is not asked for. */
async function ofANetwork({ page, go, device, made }, name) {
  assert.equal((await api(page, 'PATCH', made[0], { management_ip: '10.77.3.4' })).status, 200);
  await go('/devices');
  await page.getByRole('button', { name: 'Filter', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Management address in', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Management address in' });
  await dialog.getByRole('textbox').fill('10.77');
  await dialog.getByRole('button', { name: 'Use it' }).click();
  await dialog.locator('.w-field-problem').waitFor();
  await dialog.getByRole('textbox').fill('10.77.0.0/16');
  await dialog.getByRole('button', { name: 'Use it' }).click();
  await page.waitForURL(/devices\?.*management_ip/);
  await page.getByRole('cell', { name, exact: true }).waitFor();
  await page.getByRole('cell', { name: device, exact: true }).waitFor({ state: 'detached' });
}

async function lists(run) {
  const { page, go } = run;
  const bare = `bare-${run.mark}`;
  await devicesOf(run, [bare], false);
  await go('/devices');
  await page.waitForFunction(() => document.title === 'Devices · Wispwright');
  await page.getByPlaceholder(/Name, address/).fill(run.device);
  await page.getByRole('cell', { name: run.device, exact: true }).waitFor();
  await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1);
  assert.deepEqual(await exported(page, /^devices-.*\.csv$/), [
    ['name', run.device],
    ['organization', run.organization],
    ['config_status', 'modified'],
  ]);
  await page.getByRole('link', { name: run.device, exact: true }).focus();
  await page.keyboard.press('Enter');
  await page.waitForURL(new RegExp(`devices/${run.deviceID}`));
  await page.waitForFunction((name) => document.title === `${name} · Wispwright`, run.device);
  await tab(page, 'Details').click();
  const key = field(page, 'Key');
  assert.equal(await key.getAttribute('type'), 'password', 'a key is shown when asked for');
  await page.getByRole('button', { name: 'Show key' }).click();
  assert.match(await key.inputValue(), /^[0-9a-f]{32}$/);
  await go(`/devices?${new URLSearchParams({ filter: JSON.stringify({ q: run.device }) })}`);
  await page.getByRole('cell', { name: run.device, exact: true }).waitFor();
  await filterBy(page, 'Status', 'error');
  await page.getByRole('cell', { name: run.device, exact: true }).waitFor({ state: 'detached' });
  await ofANetwork(run, bare);
  for (const path of ['/devices', '/templates', '/organizations', '/users', '/groups']) {
    await go(path);
    await run.shot(`list${path.replace('/', '-')}`);
    await noSidewaysScrolling(page, path);
  }
  await go('/');
  await page.getByRole('link', { name: /^[1-9]\d* modified$/ }).click();
  await page.waitForURL(/devices\?.*config__status/);
  await page.getByRole('cell', { name: run.device, exact: true }).waitFor();
  await go('/');
  await page.getByRole('link', { name: /^[1-9]\d* no configuration$/ }).click();
  await page.waitForURL(/devices\?.*has_config/);
  await page.getByRole('cell', { name: bare, exact: true }).waitFor();
  assert.equal(await page.getByRole('cell', { name: run.device, exact: true }).count(), 0, 'only devices without a configuration');
  const { status } = await api(page, 'DELETE', run.made[0]);
  assert.equal(status, 204);
}

/** Exports the list shown, which has one row, and tells some of what the file says of it. */
async function exported(page, fileName) {
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Export' }).click()]);
  assert.match(file.suggestedFilename(), fileName);
  const [titles, row, end] = (await readFile(await file.path(), 'utf8')).split('\r\n').map((line) => line.split(','));
  assert.deepEqual(end, [''], 'the list has one row');
  return ['name', 'organization', 'config_status'].map((title) => [title, row[titles.indexOf(title)]]);
}

/** Makes devices through the API, for what is done with many. */
async function devicesOf(run, names, configured = true) {
  for (const [index, name] of names.entries()) {
    const { status, body } = await api(run.page, 'POST', 'controller/device/', {
      name,
      organization: run.organizationID,
      mac_address: `02:00:5F:0${configured ? 0 : 1}:${String(index).padStart(2, '0')}:${run.mark.slice(-2).split('').map((c) => (c.charCodeAt(0) & 15).toString(16)).join('').toUpperCase()}`,
      ...(configured && { config: { backend: 'netjsonconfig.OpenWrt', templates: [], context: {}, config: {} } }),
    });
    assert.equal(status, 201, JSON.stringify(body));
    run.made.unshift(`controller/device/${body.id}/?force=true`);
  }
}

async function many(run) {
  const { page, go, mark } = run;
  await devicesOf(run, [`many-${mark}-a`, `many-${mark}-b`]);
  const filter = { q: `many-${mark}`, config__templates: run.templateID, created__gte: new Date(Date.now() - 3_600_000) };
  await go(`/devices?${new URLSearchParams({ filter: JSON.stringify(filter) })}`);
  await page.getByRole('cell', { name: `many-${mark}-a`, exact: true }).waitFor();
  assert.equal(await page.locator('tbody tr').count(), 2);
  await page.locator('thead input[type=checkbox]').check();
  await page.getByRole('region', { name: 'Selected' }).getByRole('button', { name: 'Deactivate…' }).click();
  await page.getByText('2 would change, 0 would stay as they are').waitFor();
  await page.getByText('What would change, device by device').click();
  await page.getByRole('listitem').filter({ hasText: `many-${mark}-b: deactivated` }).waitFor();
  await run.shot('many-tried');
  await confirm(page, 'Deactivate 2 devices');
  await page.getByRole('heading', { name: '2 devices deactivated' }).waitFor();
  await run.shot('many-done');
  await confirm(page, 'Take it back');
  await page.getByRole('heading', { name: '2 devices as before' }).waitFor();
  await confirm(page, 'Back to the list');
  await go(`/devices?${new URLSearchParams({ filter: JSON.stringify({ q: `many-${mark}` }) })}`);
  await page.locator('thead input[type=checkbox]').check();
  await page.getByRole('button', { name: 'Delete…' }).click();
  await page.getByLabel('Delete them all the same').waitFor();
  const deletion = page.getByRole('dialog').getByRole('button', { name: 'Delete 2 devices' });
  assert.ok(await deletion.isDisabled(), 'the box comes first');
  await page.getByLabel('Delete them all the same').check();
  await page.getByText('2 would change, 0 would stay as they are').waitFor();
  await run.shot('many');
  await deletion.click();
  await page.getByRole('heading', { name: '2 devices deleted' }).waitFor();
  await confirm(page, 'Back to the list');
  await page.getByRole('cell', { name: `many-${mark}-a`, exact: true }).waitFor({ state: 'detached' });
}

/** Pages beside those of objects, for superusers too. */
const further = ['/devices-import', '/registrations', '/deleteddevices', '/deletedtemplates', '/appearance', '/map', '/topologies'];

const pagesOf = (run) => ['/', '/devices', `/devices/${run.deviceID}`, `/devices/${run.deviceID}/configuration`, `/devices/${run.deviceID}/history`, `/devices/${run.deviceID}/details`, '/devices/create',
  '/templates', `/templates/${run.templateID}`, '/templates/create', '/organizations', `/organizations/${run.organizationID}`, '/users', `/users/${run.userID}`, '/users/create', '/groups', '/events', '/account', '/parts', '/subnets', `/subnets/${run.subnetID}`, '/subnets/create', '/subnets-import', '/addresses', '/notifications', '/notifications/preferences', `/notifications/preferences/${run.userID}`, '/webhooks', '/webhooks/create', `/webhooks/${run.webhookID}`, `/webhooks/${run.webhookID}/deliveries`, '/credentials', '/credentials/create', `/credentials/${run.credentialsID}`, `/devices/${run.deviceID}/connections`, `/devices/${run.deviceID}/commands`, '/batchcommands', '/batchcommands/create', `/batchcommands/${run.batchID}`, '/firmwarecategories', '/firmwarecategories/create', `/firmwarecategories/${run.categoryID}`, `/firmwarecategories/${run.categoryID}/matrix`, '/firmwarebuilds', '/firmwarebuilds/create', `/firmwarebuilds/${run.buildID}`, `/firmwarebuilds/${run.buildID}/upgrade`, '/massupgrades', '/upgradeoperations', `/devices/${run.deviceID}/firmware`, ...further];

/** No page breaks a rule of accessibility, in light and in dark. */
async function openToAll(run) {
  const { page, go } = run;
  const broken = [];
  for (const theme of ['dark', 'light']) {
    await page.evaluate((chosen) => localStorage.setItem('RaStore.theme', JSON.stringify(chosen)), theme);
    for (const path of pagesOf(run)) {
      await go(path);
      await page.getByRole('heading', { level: 1 }).first().waitFor();
      for (const violation of await violations(page)) broken.push(`${path} (${theme}): ${violation}`);
    }
  }
  assert.deepEqual(broken, []);
}

/** A subnet by its form, an address out of it, and the file that tells its faulty row. */
async function subnet(run) {
  const { page, go, mark } = run;
  await go('/subnets/create');
  await field(page, 'Name *').fill(`lab-${mark}`);
  await field(page, 'Network *').fill('10.213.0.0');
  await field(page, 'Network *').fill('10.213.0.0/33');
  await choose(page, 'Organization', run.organization);
  await save(page);
  await shown(page, "'10.213.0.0/33' does not appear to be an IPv4 or IPv6 network").waitFor();
  await field(page, 'Network *').fill('10.213.0.0/24');
  await save(page);
  await page.waitForURL(/subnets\/[0-9a-f-]{36}/);
  run.subnetID = idIn(page);
  run.made.unshift(`ipam/subnet/${run.subnetID}/`);
  await page.getByRole('button', { name: 'Request the next address' }).click();
  await page.getByRole('link', { name: '10.213.0.1', exact: true }).waitFor();
  await page.getByRole('img', { name: /1 of 256 recorded/ }).waitFor();
  await run.shot('subnet', { fullPage: true });
  await page.evaluate(() => localStorage.setItem('RaStore.theme', '"dark"'));
  await page.reload();
  await page.getByRole('img', { name: /1 of 256 recorded/ }).waitFor();
  await run.shot('subnet-dark', { fullPage: true });
  await page.evaluate(() => localStorage.setItem('RaStore.theme', '"light"'));
  await page.reload();
  await page.getByRole('img', { name: /1 of 256 recorded/ }).waitFor();
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog').locator('input:focus').waitFor();
  await page.keyboard.insertText('10.213.0.1');
  await page.getByRole('option', { name: /^10\.213\.0\.1(?![\d.]*\/)/ }).first().click();
  await page.waitForURL(/addresses\/[0-9a-f-]{36}/);
  await go('/subnets');
  await page.getByRole('searchbox', { name: 'Search subnets' }).fill('10.213.0.77');
  await page.getByRole('link', { name: '10.213.0.0/24' }).waitFor();
  await run.shot('subnets');
  await go('/subnets-import');
  const { slug } = (await api(page, 'GET', `users/organization/${run.organizationID}/`)).body;
  const file = (address) => ({ name: 'lab.csv', mimeType: 'text/csv', buffer: Buffer.from(`lab\n10.213.0.0/24\n${slug}\n\nip_address,description\n${address},x\n`) });
  await page.getByLabel('Choose a file').setInputFiles(file('10.214.0.1'));
  await page.getByText('IP address does not belong to the subnet').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Import', exact: true }).isEnabled(), false);
  await page.getByLabel('Choose a file').setInputFiles(file('10.213.0.9'));
  await page.getByText(/1 new address/).waitFor();
  await page.getByRole('button', { name: 'Import', exact: true }).click();
  await page.getByRole('link', { name: 'To the subnets' }).waitFor();
}

/** Every part of the design is there, in both themes and on a phone. */
async function parts(run) {
  const { page, go } = run;
  await go('/parts');
  const names = await page.locator('[data-part]').evaluateAll((found) => found.map((part) => part.dataset.part));
  assert.deepEqual(names, ['Status', 'Fleet', 'Thread', 'Layers', 'Banners', 'Buttons and choices', 'Empty', 'Refused', 'Failed', 'Save bar']);
  // shapes differ, so that a status is told without its colour
  const shapes = await page.locator('[data-part=Status] .w-pairs .w-shape').evaluateAll((found) => found.map((shape) => shape.innerHTML));
  assert.equal(new Set(shapes).size, 6);
  await run.shot('parts', { fullPage: true });
  await page.getByRole('button', { name: 'Delete…' }).click();
  const button = page.getByRole('dialog').getByRole('button', { name: 'Delete 12 devices' });
  assert.ok(await button.isDisabled(), 'from ten on the number is typed');
  await page.getByRole('dialog').getByLabel('Type 12 to go on').fill('12');
  assert.ok(await button.isEnabled());
  await run.shot('parts-dialog');
  await page.keyboard.press('Escape');
}

/** The language is the browser's until another one is chosen, which it then stays. */
async function german(run) {
  const { page, go } = run;
  await go('/devices');
  await page.locator('.w-account').click();
  await page.getByRole('menuitemradio', { name: 'Deutsch' }).click();
  await page.getByRole('heading', { name: 'Geräte', level: 1 }).waitFor();
  await go(`/devices/${run.deviceID}`);
  await page.getByRole('tab', { name: 'Übersicht' }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'de');
  await run.shot('german');
  await page.locator('.w-account').click();
  await page.getByRole('menuitemradio', { name: 'English' }).click();
  await page.getByRole('tab', { name: 'Overview' }).waitFor();
}

async function narrow(run) {
  const { page, go } = run;
  await page.setViewportSize({ width: 400, height: 800 });
  const paths = ['/', '/devices', `/devices/${run.deviceID}`, `/devices/${run.deviceID}/configuration`, '/templates',
    `/templates/${run.templateID}`, `/organizations/${run.organizationID}`, '/users', `/users/${run.userID}`, '/events', '/account', '/subnets', `/subnets/${run.subnetID}`, '/subnets-import', '/addresses', '/notifications', '/notifications/preferences', '/webhooks', `/webhooks/${run.webhookID}`, `/webhooks/${run.webhookID}/deliveries`, '/credentials', '/credentials/create', `/credentials/${run.credentialsID}`, `/devices/${run.deviceID}/connections`, `/devices/${run.deviceID}/commands`, '/batchcommands', '/batchcommands/create', `/batchcommands/${run.batchID}`, '/firmwarecategories', '/firmwarecategories/create', `/firmwarecategories/${run.categoryID}`, `/firmwarecategories/${run.categoryID}/matrix`, '/firmwarebuilds', '/firmwarebuilds/create', `/firmwarebuilds/${run.buildID}`, `/firmwarebuilds/${run.buildID}/upgrade`, '/massupgrades', '/upgradeoperations', `/devices/${run.deviceID}/firmware`, ...further];
  try {
    for (const path of paths) {
      await go(path);
      if (path.endsWith('/configuration')) await page.getByRole('group', { name: 'How to edit the configuration' }).waitFor();
      await run.shot(`narrow${path.replace(/[0-9a-f-]{36}/, '').replace(/\W+/g, '-')}`);
      await noSidewaysScrolling(page, path);
    }
  } finally {
    await page.setViewportSize({ width: 1280, height: 860 });
  }
}

async function group(run) {
  const { page, go, mark } = run;
  run.group = `watchers-${mark}`;
  await go('/groups/create');
  await field(page, 'Name *').fill('Operator');
  await save(page);
  await shown(page, 'group with this name already exists.').waitFor();
  await field(page, 'Name *').fill(run.group);
  const picker = page.getByRole('group', { name: 'Permissions' });
  const search = field(page, 'Search permissions');
  await search.fill('organization view');
  await picker.getByLabel('Can view organization', { exact: true }).check();
  assert.equal(await picker.getByLabel('Can view device', { exact: true }).count(), 0, 'the search hides what it does not match');
  await search.fill('config');
  await picker.getByLabel(/^Everything of device$/i).click();
  await search.fill('');
  await picker.getByText(/^5 of \d+ chosen$/).waitFor();
  await run.shot('group', { fullPage: true });
  await save(page);
  await page.waitForURL(/groups\/\d+/);
  const id = idIn(page);
  run.made.unshift(`users/group/${id}/`);
  const names = async () => (await api(page, 'GET', `users/group/${id}/`)).body.permissions.map((text) => text.replace(/^.*\| /, '').toLowerCase());
  assert.deepEqual((await names()).sort(), ['can add device', 'can change device', 'can delete device', 'can view device', 'can view organization']);

  await go(`/groups/${id}`);
  await picker.getByText(/^5 of \d+ chosen$/).waitFor();
  await picker.getByLabel(/^Can delete device$/i).uncheck();
  await field(page, 'Name *').fill(`${run.group}-2`);
  await save(page);
  await notice(page, /^Saved/).waitFor();
  assert.ok(!(await names()).includes('can delete device'));
  assert.equal((await names()).length, 4);

  await page.setViewportSize({ width: 400, height: 800 });
  await run.shot('narrow-group');
  await noSidewaysScrolling(page, 'a group');
  await page.setViewportSize({ width: 1280, height: 860 });

  await more(page, 'Delete group…');
  await confirm(page, 'Delete group');
  await page.waitForURL(/admin\/groups(\?|$)/);
  await page.getByRole('cell', { name: 'Operator', exact: true }).waitFor();
  assert.equal(await page.getByRole('cell', { name: `${run.group}-2`, exact: true }).count(), 0);
}

async function user(run) {
  const { page, go, mark } = run;
  run.operator = `olga-${mark}`;
  run.operatorPassword = `Pa55-${mark}-word`;
  await go('/users/create');
  await field(page, 'Username *').fill(run.operator);
  await field(page, 'Email *').fill(`${run.operator}@example.org`);
  await page.getByRole('button', { name: 'Set a password', exact: true }).click();
  await field(page, 'Password *').fill(run.operatorPassword);
  await field(page, 'Email is verified').check();
  await page.getByRole('radio', { name: /^Operator/ }).check();
  await page.getByRole('combobox', { name: /^Organization/ }).click();
  await page.getByRole('option', { name: run.organization, exact: true }).click();
  await save(page);
  await page.waitForURL(/users\/[0-9a-f-]{36}/);
  run.userID = idIn(page);
  run.made.unshift(`users/user/${run.userID}/`);
  await page.getByRole('group', { name: 'Organizations' }).getByText(run.organization).waitFor();
  const made = await api(page, 'GET', `users/user/${run.userID}/`);
  assert.equal(made.body.is_staff, true, 'the role is its three switches');
  assert.equal(made.body.groups.length, 1);
  assert.deepEqual(made.body.organization_users, [{ is_admin: true, organization: run.organizationID }]);
  await page.getByRole('group', { name: `${run.operator}@example.org` }).getByText('confirmed', { exact: true }).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Remove second factor' }).count(), 0, 'there is none to remove');
  const other = `${run.operator}-home@example.org`;
  await field(page, 'Another address').fill(other);
  await field(page, 'Another address').press('Enter');
  await page.getByRole('group', { name: other }).getByText('not confirmed').waitFor();
  await run.shot('user', { fullPage: true });
  await page.getByRole('button', { name: `Remove ${other}` }).click();
  await page.getByRole('group', { name: other }).waitFor({ state: 'detached' });
  await go(`/users?${new URLSearchParams({ filter: JSON.stringify({ organization: run.organizationID, is_staff: true }) })}`);
  await page.getByRole('cell', { name: run.operator, exact: true }).waitFor();
  assert.equal(await page.locator('tbody tr').count(), 1);
}

/** Somebody is invited, and has an API key before they have a password. */
async function invited(run) {
  const { page, go, mark } = run;
  const name = `ivo-${mark}`;
  await go('/users/create');
  await field(page, 'Username *').fill(name);
  await field(page, 'Email *').fill(`${name}@example.org`);
  await page.getByRole('radio', { name: /^Member/ }).check();
  await choose(page, 'Organization', run.organization);
  assert.ok(await page.getByRole('button', { name: 'Send an invitation', pressed: true }).isVisible());
  assert.equal(await page.getByLabel('Password *', { exact: true }).count(), 0, 'nobody invents a password');
  await save(page);
  await page.waitForURL(/users\/[0-9a-f-]{36}/);
  const id = idIn(page);
  run.made.unshift(`users/user/${id}/`);
  await page.getByTitle('Has not chosen a password yet').waitFor();
  assert.equal((await api(page, 'GET', `users/user/${id}/`)).body.invitable, true);
  await more(page, 'Send the invitation again');
  await notice(page, /^Invitation sent/).waitFor();

  await page.getByRole('button', { name: 'Make an API key' }).click();
  await page.getByText('*'.repeat(40)).waitFor();
  await run.shot('invited', { fullPage: true });
  await page.getByRole('button', { name: 'Delete API key…' }).click();
  await confirm(page, 'Delete API key');
  await page.getByText('There is none.').waitFor();
}

async function operator(run) {
  const { page, go } = run;
  await logOut(run);
  await logIn(run, run.operator, run.operatorPassword);
  await overview(page);
  assert.equal(await menu(page).getByRole('link', { name: 'People' }).count(), 0);
  await menu(page).getByRole('link', { name: 'Devices', exact: true }).click();
  await page.getByRole('cell', { name: run.device, exact: true }).waitFor();
  assert.equal(await page.locator('tbody tr').count(), 1, 'only devices of the own organization');
  await go('/account');
  await page.getByText('manager', { exact: false }).first().waitFor();
  await run.shot('operator-account');
}

async function addresses(run) {
  const { page, go, context, base, outbox } = run;
  const [first, second] = [`${run.operator}@example.org`, `${run.operator}-2@example.org`];
  await go('/account');
  const other = field(page, 'Another address');
  await other.fill('no address');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await shown(page, 'Enter a valid email address.').waitFor();
  await other.fill(second);
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  const row = page.getByRole('group', { name: second, exact: true });
  await row.getByText('not confirmed').waitFor();
  assert.equal(await row.getByRole('button', { name: 'Make primary' }).count(), 0, 'only a confirmed address can be the primary one');
  await row.getByRole('button', { name: 'Send the link again' }).click();
  await notice(page, /^Too many requests/).waitFor();
  await run.shot('addresses');

  const link = await context.newPage();
  await link.goto(base + (await confirmationPath(outbox, second)));
  await link.getByRole('button').click();
  await link.getByText('has been verified').waitFor();
  await link.close();

  await go('/account');
  await row.getByRole('button', { name: 'Make primary' }).click();
  await notice(page, `${second} is your primary address now`).waitFor();
  await row.getByText('primary', { exact: true }).waitFor();
  await page.getByRole('button', { name: `Remove ${first}` }).click();
  await page.getByRole('group', { name: first, exact: true }).waitFor({ state: 'detached' });
  const { body } = await api(page, 'GET', 'users/session/');
  assert.equal(body.user.email, second);
}

async function expiredPassword(run) {
  const { page, go } = run;
  const next = `New-${run.mark}-phrase`;
  await logOut(run);
  await logIn(run, run.expiredUser, run.expiredPassword);
  await page.waitForURL(/admin\/account/);
  await shown(page, 'Your password has expired').waitFor();
  await go('/devices');
  await page.waitForURL(/admin\/account/);
  await shown(page, 'Your password has expired').waitFor();
  assert.equal(await page.getByText('E-mail addresses').count(), 0, 'nothing else is offered');
  await run.shot('expired-password');
  const change = async (password) => {
    await field(page, 'Current password *').fill(run.expiredPassword);
    await field(page, 'New password *').fill(password);
    await field(page, 'New password again *').fill(password);
    await page.getByRole('button', { name: 'Set password' }).click();
  };
  await change('1234');
  await shown(page, /too short|too common|entirely numeric/).waitFor();
  assert.equal((await api(page, 'GET', 'controller/device/')).status, 403);
  await change(next);
  await notice(page, 'Password set').waitFor();
  await shown(page, 'Your password has expired').waitFor({ state: 'detached' });
  await menu(page).getByRole('link', { name: 'Devices', exact: true }).click();
  await page.waitForURL(/admin\/devices/);
  await logOut(run);
  await logIn(run, run.user, run.password);
  await overview(page);
}

async function limitedToken(run) {
  const { page, go, base } = run;
  await go('/account');
  await page.getByLabel('Name of a new token').fill('watcher');
  await page.getByLabel('Limited to').fill('change_dev');
  await page.getByRole('option', { name: 'config.change_device', exact: true }).click();
  await page.getByRole('button', { name: 'Make', exact: true }).click();
  const token = await page.locator('code').getByText(/^wwt_/).innerText();
  await page.getByText('limited to config.change_device').waitFor();
  const status = async (path) => (await fetch(`${base}/api/v1/${path}`, { headers: { Authorization: `Bearer ${token}` } })).status;
  assert.equal(await status('controller/device/'), 200);
  assert.equal(await status('controller/template/'), 403);
  await page.getByRole('button', { name: 'Delete token watcher' }).click();
  await page.getByRole('button', { name: 'Delete token watcher' }).waitFor({ state: 'detached' });
  assert.equal(await status('controller/device/'), 401);
}

async function secondFactor(run) {
  const { page, go } = run;
  await go('/account');
  await page.getByLabel('Name of a new token').fill('backup script');
  await page.getByRole('button', { name: 'Make', exact: true }).click();
  await page.locator('code').getByText(/^wwt_/).waitFor();
  await page.getByRole('button', { name: 'Delete token backup script' }).click();
  await page.getByRole('button', { name: 'Delete token backup script' }).waitFor({ state: 'detached' });

  await page.getByLabel('Your password').fill(run.operatorPassword);
  await page.getByRole('button', { name: 'Set up' }).click();
  await page.getByAltText('QR code for the authenticator app').waitFor();
  const secret = await page.locator('code').filter({ hasText: /^[A-Z2-7]{16,}$/ }).innerText();
  await page.getByLabel('Code', { exact: true }).fill(wrongCode(secret));
  await page.getByRole('button', { name: 'Turn on' }).click();
  await page.getByText('The code is wrong').waitFor();
  await page.getByLabel('Code', { exact: true }).fill(totp(secret));
  await page.getByRole('button', { name: 'Turn on' }).click();
  const codes = (await page.getByTestId('recovery-codes').innerText()).split('\n');
  await run.shot('second-factor', { fullPage: true });

  await logOut(run);
  await logIn(run, run.operator, run.operatorPassword);
  await page.locator('input[name=otp]').fill(codes[0]);
  await run.shot('login-code');
  await page.getByRole('button', { name: 'Log in' }).click();
  await overview(page);
  await go('/account');
  await page.getByLabel('Password to turn it off').fill(run.operatorPassword);
  await page.getByLabel('Code to turn it off').fill(codes[1]);
  await page.getByRole('button', { name: 'Turn off' }).click();
  await page.getByLabel('Your password').waitFor();
}

async function passkey(run) {
  const { page } = run;
  // passkeys belong to a name: the same server by another address, where nobody is logged in
  const base = run.base.replace('127.0.0.1', 'localhost');
  const devtools = await run.context.newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true },
  });
  const named = { page, go: (path) => page.goto(`${base}/admin${path}`) };
  await logIn(named, run.operator, run.operatorPassword);
  await overview(page);
  await named.go('/account');
  await page.getByLabel('Name of a new passkey').fill('Laptop');
  await page.getByLabel('Password, to add a passkey').fill(run.operatorPassword);
  await page.getByRole('button', { name: 'Add passkey' }).click();
  await page.getByRole('button', { name: 'Remove passkey Laptop' }).waitFor();
  await page.getByText('10 recovery codes are left.').waitFor();
  const codes = (await page.getByTestId('recovery-codes').innerText()).split('\n');
  await run.shot('passkey', { fullPage: true });

  await logOut(named);
  await logIn(named, run.operator, run.operatorPassword);
  await page.getByRole('button', { name: 'Use a passkey' }).waitFor();
  await run.shot('login-passkey');
  await page.getByRole('button', { name: 'Use a passkey' }).click();
  await overview(page);
  await named.go('/account');
  await page.getByText(/^Used /).waitFor();

  await logOut(named);
  await logIn(named, run.operator, run.operatorPassword);
  await page.getByRole('button', { name: 'Use a recovery code' }).click();
  await page.getByLabel('Recovery code').fill(codes[0]);
  await page.getByRole('button', { name: 'Log in' }).click();
  await overview(page);
  await named.go('/account');
  await page.getByText('9 recovery codes are left.').waitFor();
  await page.getByRole('button', { name: 'Remove passkey Laptop' }).click();
  await page.getByLabel('Password, to remove Laptop').fill('wrong');
  await page.getByRole('button', { name: 'Remove passkey', exact: true }).click();
  await page.getByText('Your old password was entered incorrectly').waitFor();
  await run.shot('passkey-remove', { fullPage: true });
  await page.getByLabel('Password, to remove Laptop').fill(run.operatorPassword);
  // the answer, not the page: leaving before it comes would keep the passkey
  const removed = page.waitForResponse((r) => r.request().method() !== 'GET' && r.url().includes('passkey') && r.ok());
  await page.getByRole('button', { name: 'Remove passkey', exact: true }).click();
  await removed;
  await page.getByRole('button', { name: 'Remove passkey Laptop' }).waitFor({ state: 'detached' });
  await logOut(named);
  await devtools.detach();
  await run.go('/');
  await overview(page);
}

async function outsider(run) {
  const { page, mark } = run;
  const [username, password] = [`otto-${mark}`, `Out-${mark}-side`];
  const made = await api(page, 'POST', 'users/user/', { username, password, email: `${username}@example.org`, is_active: true, is_staff: false });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  run.made.unshift(`users/user/${made.body.id}/`);
  await logOut(run);
  await logIn(run, username, password);
  await page.waitForURL(/admin\/account/);
  await page.getByText('This admin is for staff.').waitFor();
  assert.equal(await menu(page).getByRole('link').count(), 0, 'nothing to choose');
  await run.shot('outsider');
  await logOut(run);
  await logIn(run, run.user, run.password);
  await overview(page);
}

async function trail(run) {
  const { page, go } = run;
  await go(`/devices/${run.deviceID}/history`);
  await page.getByRole('link', { name: 'Who changed this device' }).click();
  await page.getByRole('cell', { name: run.device, exact: true }).first().waitFor();
  await page.locator('tbody button[aria-expanded=false]').last().press('Enter');
  await page.getByText('MAC address', { exact: true }).waitFor();
  const added = page.locator('tbody tr').last();
  await added.getByText(run.organization).waitFor();
  await added.getByText(run.template).waitFor();
  await added.getByText(/by session, from 127\.0\.0\.1$/).waitFor();
  await run.shot('trail');
  await noSidewaysScrolling(page, 'the audit trail');
}

async function endedSession(run) {
  const { page, context, go } = run;
  await go(`/devices/${run.deviceID}/details`);
  await field(page, 'Notes').fill('typed before the session ended');
  await context.clearCookies({ name: 'sessionid' });
  await save(page);
  const dialog = page.getByRole('dialog', { name: 'Your session has ended' });
  // the same person: for another one the page would begin anew
  await dialog.locator('input[name=username]').fill(run.operator);
  await dialog.locator('input[name=password]').fill(run.operatorPassword);
  await run.shot('session-ended');
  await dialog.getByRole('button', { name: 'Log in' }).click();
  await notice(page, /^Saved/).waitFor();
  const { body } = await api(page, 'GET', `controller/device/${run.deviceID}/`);
  assert.equal(body.notes, 'typed before the session ended', 'nothing typed is lost');
  await logOut(run);
  await logIn(run, run.user, run.password);
  await overview(page);
}

/** Without a connection nothing is sent later, and the page says so. */
async function offline(run) {
  const { page, context, go, faults } = run;
  await go(`/devices/${run.deviceID}/details`);
  await field(page, 'Notes').fill('never to be saved');
  const before = faults.length;
  await context.setOffline(true);
  await bar(page).getByText('No connection. Nothing is saved.').waitFor();
  assert.ok(await bar(page).locator('button[type=submit]').isDisabled());
  await run.page.screenshot({ path: `${run.screenshots}/offline.png` });
  await bar(page).getByRole('button', { name: 'Discard' }).click();
  await context.setOffline(false);
  await page.getByText('No connection').first().waitFor({ state: 'detached' });
  faults.splice(before);
  const { body } = await api(page, 'GET', `controller/device/${run.deviceID}/`);
  assert.notEqual(body.notes, 'never to be saved');
}

/** Two people change one field: the second is asked. */
async function conflict(run) {
  const { page, go } = run;
  await go(`/devices/${run.deviceID}/details`);
  await field(page, 'Notes').fill('mine');
  assert.equal((await api(page, 'PATCH', `controller/device/${run.deviceID}/`, { notes: 'theirs' })).status, 200);
  await save(page);
  const dialog = page.getByRole('dialog', { name: /^Somebody else has saved this device/ });
  await dialog.getByRole('cell', { name: 'theirs', exact: true }).waitFor();
  await dialog.getByRole('cell', { name: 'mine', exact: true }).waitFor();
  await run.shot('conflict');
  assert.equal((await api(page, 'GET', `controller/device/${run.deviceID}/`)).body.notes, 'theirs');
  await dialog.getByRole('button', { name: 'Save mine' }).click();
  await notice(page, /^Saved/).waitFor();
  // the form begins anew with what was saved
  await bar(page).waitFor({ state: 'detached' });
  assert.equal((await api(page, 'GET', `controller/device/${run.deviceID}/`)).body.notes, 'mine');
  // what others changed elsewhere is no conflict, and stays
  await field(page, 'Notes').fill('mine again');
  await api(page, 'PATCH', `controller/device/${run.deviceID}/`, { model: 'Theirs 9000' });
  await save(page);
  await bar(page).waitFor({ state: 'detached' });
  const { body } = await api(page, 'GET', `controller/device/${run.deviceID}/`);
  assert.deepEqual([body.notes, body.model], ['mine again', 'Theirs 9000']);
}

/** What is selected ends with the filter it was chosen under. */
async function selection(run) {
  const { page, go } = run;
  await go('/devices');
  await page.locator('thead input[type=checkbox]').check();
  const selected = page.getByRole('region', { name: 'Selected' });
  await selected.getByText(/selected$/).waitFor();
  await filterBy(page, 'Status', 'error');
  await selected.waitFor({ state: 'detached' });
  await page.reload();
  await page.getByRole('heading', { name: 'Devices', level: 1 }).waitFor();
  assert.equal(await selected.count(), 0);
}

/** Anything is found from the keyboard. */
async function find(run) {
  const { page, go } = run;
  await go('/');
  await page.keyboard.press('Control+k');
  // its code is loaded when it is first wanted
  await page.getByRole('dialog').locator('input:focus').waitFor();
  // at once: between slow keys it would find what begins so, and Enter waits for the whole text
  await page.keyboard.insertText(run.device);
  await page.getByRole('option', { name: new RegExp(run.device) }).first().waitFor();
  await run.shot('find');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: run.device, level: 1 }).waitFor();
  await go('/devices');
  await page.keyboard.press('/');
  await page.locator('input:focus').waitFor();
  await page.keyboard.insertText('nothing is called so');
  await page.getByText('No devices match').waitFor();
  await page.getByRole('button', { name: 'Save view' }).click();
  await field(page, 'Name of the view').fill('Mine');
  await page.getByRole('dialog', { name: 'Save view' }).getByRole('button', { name: 'Save view' }).click();
  await page.getByRole('button', { name: /^Mine/, pressed: true }).waitFor();
  await page.getByRole('button', { name: 'Forget the view Mine' }).click();
  await page.getByRole('button', { name: /^All/ }).click();
  await page.getByRole('link', { name: run.device, exact: true }).waitFor();
}

/** Staff who manage nothing are told so, on every page. */
async function managesNothing(run) {
  const { page, go, mark } = run;
  const [username, password] = [`mirko-${mark}`, `Man-${mark}-nothing`];
  const made = await api(page, 'POST', 'users/user/', {
    username, password, email: `${username}@example.org`, is_active: true, is_staff: true, organization_users: [{ organization: run.organizationID, is_admin: false }],
  });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  run.made.unshift(`users/user/${made.body.id}/`);
  await logOut(run);
  await logIn(run, username, password);
  await page.getByText('You manage no organization yet').waitFor();
  await go('/devices');
  await page.getByText(`You are a member of ${run.organization}.`).waitFor();
  assert.equal(await menu(page).getByRole('link').count(), 0, 'no doors that are locked');
  await run.shot('manages-nothing');
  await logOut(run);
  await logIn(run, run.user, run.password);
  await overview(page);
}

async function deactivation(run) {
  const { page, go } = run;
  await go(`/devices/${run.deviceID}`);
  await more(page, 'Deactivate…');
  await confirm(page, 'Deactivate device');
  await shown(page, 'This device is deactivated').waitFor();
  await run.shot('deactivated');
  await page.getByRole('button', { name: 'Activate', exact: true }).click();
  await confirm(page, 'Activate device');
  await shown(page, 'This device is deactivated').waitFor({ state: 'detached' });
  await more(page, 'Delete device…');
  const deletion = page.getByRole('dialog').getByRole('button', { name: 'Delete device' });
  assert.ok(await deletion.isDisabled(), 'an active device is deleted only with force');
  await page.getByLabel('Delete it all the same').check();
  await deletion.click();
  await page.waitForURL(/admin\/devices(\?|$)/);
  const { status } = await api(page, 'GET', `controller/device/${run.deviceID}/`);
  assert.equal(status, 404);
}

async function lostPage(run) {
  const { page, go, context, faults } = run;
  const before = faults.length;
  await go('/');
  // as after an update of the server, whose files have other names
  await context.route('**/assets/tenancy-*', (route) => route.fulfill({ status: 404, body: 'gone' }));
  await Promise.all([page.waitForEvent('load'), menu(page).getByRole('link', { name: 'Groups', exact: true }).click()]);
  await page.getByText('This page could not be loaded').waitFor();
  await run.shot('lost-page');
  await context.unroute('**/assets/tenancy-*');
  await page.getByRole('button', { name: 'Load again' }).click();
  await page.getByRole('cell', { name: 'Operator', exact: true }).waitFor();
  faults.splice(before); // what the browser says of the missing file
}

async function missing({ page, go }) {
  await go('/no-such-page');
  await page.getByRole('heading', { name: 'There is no such page' }).waitFor();
  await page.getByRole('link', { name: 'To the overview' }).click();
  await overview(page);

  await go('/devices/00000000-0000-4000-8000-000000000000');
  await page.getByText('There is no such device, or you may not see it').waitFor();
}

/** Fast fingers: Enter right after the last letter, and words between Save and its answer. */
async function hurried(run) {
  const { page, go, device } = run;
  await go('/devices');
  await page.getByRole('searchbox', { name: 'Search' }).fill(device);
  await page.getByRole('searchbox', { name: 'Search' }).press('Enter');
  await page.waitForURL(/filter=.*q/, { timeout: 5_000 });
  await page.keyboard.press('Escape');
  await page.getByRole('heading', { name: 'Devices', level: 1 }).click();
  await page.keyboard.press('Control+k');
  const finder = page.getByRole('combobox', { name: 'Find' });
  await finder.fill(run.mac.replaceAll(':', '').toLowerCase());
  await finder.press('Enter');
  await page.waitForURL(new RegExp(`devices/${run.deviceID}`));

  await go(`/devices/${run.deviceID}/details`);
  let answer;
  const held = new Promise((resolve) => {
    answer = resolve;
  });
  await page.route('**/api/v1/controller/device/*/', async (route) => {
    if (route.request().method() === 'PATCH') await held;
    await route.continue();
  });
  await field(page, 'Notes').fill('sent');
  await save(page);
  await field(page, 'Notes').pressSequentially(' and typed since');
  answer();
  await notice(page, /^Saved/).waitFor();
  await page.unroute('**/api/v1/controller/device/*/');
  await bar(page).getByText('1 change').waitFor();
  assert.equal(await field(page, 'Notes').inputValue(), 'sent and typed since');
  assert.equal((await api(page, 'GET', `controller/device/${run.deviceID}/`)).body.notes, 'sent');
  await save(page);
  await notice(page, /^Saved/).waitFor();
  await bar(page).waitFor({ state: 'detached' });
  assert.equal((await api(page, 'GET', `controller/device/${run.deviceID}/`)).body.notes, 'sent and typed since');
}

/** Deletes what the steps made. */
export async function tidy({ page, made }) {
  for (const path of made) {
    const { status } = await api(page, 'DELETE', path);
    assert.ok(status === 204 || status === 404, `deleting ${path}: ${status}`);
  }
}

/** Names and functions of the steps, in their order, and what they need of the run, if anything. */
export const steps = [
  ['a wrong password is refused', refusedLogin],
  ['log in', login],
  ['add an organization and change its settings', organization],
  ['an error of the API appears at its field', takenSlug],
  ['make a Wi-Fi with four fields and one button', wifi],
  ['look through what a template can do', gallery],
  ['add a template with a preview', template],
  ...importingSteps,
  ['add a device, refused first', device],
  ['edit a configuration as form and as JSON', configuration],
  ['download the configuration', download],
  ['look at the history', history],
  ['search and filter lists', lists],
  ['deactivate and delete many devices', many],
  ['keep account of a subnet', subnet],
  ...certificateSteps,
  ...reachingSteps,
  ...monitoringSteps,
  ...firmwareSteps,
  ...healthSteps,
  ...placeSteps,
  ['make a group and choose what it may do', group],
  ['add a user', user],
  ['invite somebody, and make an API key', invited],
  ...notificationSteps,
  ...webhookSteps,
  ['everything fits a telephone', narrow],
  ['another language is chosen and stays', german],
  ['no page breaks a rule of accessibility', openToAll],
  ['the parts of the design', parts],
  ...structureSteps,
  ['an operator sees what is theirs', operator],
  ['add an address, confirm it and make it the primary one', addresses, 'outbox'],
  ['make a token that may do one thing only', limitedToken],
  ['set up a second factor and log in with it', secondFactor],
  ['add a passkey and log in with it', passkey],
  ['a session that ends loses nothing that was typed', endedSession],
  ['without a connection nothing is saved, also later', offline],
  ['two people, one device', conflict],
  ['a selection ends with its filter', selection],
  ['find from the keyboard, and keep a view', find],
  ['fast fingers lose nothing', hurried],
  ['staff who manage nothing are told so', managesNothing],
  ['an expired password has to be changed first', expiredPassword, 'expiredUser'],
  ['who is not staff has an account only', outsider],
  ['who changed a device', trail],
  ['deactivate, activate and delete a device', deactivation],
  ['a page that is not there any more is loaded again', lostPage],
  ['what does not exist leads back', missing],
  ['tidy up', tidy],
];
