// Reaching devices in the admin. Nothing answers at the device's address: what is seen is that people are told so.
import { api, bar, choose, confirm, field, idIn, notice, save } from './hands.mjs';

/** Adds credentials, refused first, and finds them in the list. */
async function credentials(run) {
  const { page, go, mark } = run;
  await go('/credentials/create');
  await field(page, 'Name *').fill(`key ${mark}`);
  await choose(page, 'Organization', run.organization);
  await page.getByRole('combobox', { name: 'Log in with' }).click();
  await page.getByRole('option', { name: 'SSH (private key)' }).click();
  await page.getByRole('textbox', { name: 'Key' }).fill('x'.repeat(80));
  await bar(page).getByRole('button', { name: 'Add credentials' }).click();
  await page.getByText('Unrecognized or unsupported SSH key algorithm, only RSA and ED25519 are currently supported.').first().waitFor();
  await page.getByRole('combobox', { name: 'Log in with' }).click();
  await page.getByRole('option', { name: 'SSH (password)' }).click();
  await page.getByRole('textbox', { name: 'Password' }).fill('forest-lamp-41');
  await run.shot('credentials-new');
  await bar(page).getByRole('button', { name: 'Add credentials' }).click();
  await page.getByRole('heading', { name: `key ${mark}`, level: 1 }).waitFor();
  run.credentialsID = idIn(page);
  run.made.unshift(`controller/credential/${run.credentialsID}/`);
  await field(page, 'Name *').fill(`root ${mark}`);
  await save(page);
  await notice(page, 'Saved').waitFor();
  await go('/credentials');
  await page.getByRole('link', { name: `root ${mark}` }).waitFor();
  await run.shot('credentials');
}

/** Gives the device a connection, tests it, and sends a command that cannot arrive. */
async function reached(run) {
  const { page, go, mark } = run;
  await go(`/devices/${run.deviceID}/connections`);
  await page.getByRole('combobox', { name: 'Credentials' }).click();
  await page.getByRole('option', { name: `root ${mark}` }).click();
  await page.getByRole('button', { name: 'Add connection' }).click();
  await page.getByText('not tried').waitFor();
  await page.getByRole('button', { name: 'Test', exact: true }).click();
  await page.getByText('not working', { exact: true }).waitFor();
  await page.getByText(/No valid IP addresses|Unable to connect|timed out/).first().waitFor();
  await run.shot('connections');
  await go(`/devices/${run.deviceID}/commands`);
  await page.getByRole('textbox', { name: 'Command' }).fill('uptime');
  await page.keyboard.press('Enter');
  await page.getByRole('region', { name: 'Output of uptime' }).waitFor();
  await page.getByText('failed', { exact: true }).first().waitFor();
  await run.shot('commands');
}

/** Starts a command for all devices of the organization, and sees what they answered. */
async function massCommand(run) {
  const { page, go, mark } = run;
  await go('/batchcommands/create');
  await page.getByRole('combobox', { name: 'Organization' }).click();
  await page.getByRole('option', { name: run.organization, exact: true }).click();
  await page.getByRole('textbox', { name: 'Command' }).fill('uname -a');
  await page.getByRole('textbox', { name: 'Label' }).fill(`kernels ${mark}`);
  await run.shot('mass-command-new');
  await page.getByRole('button', { name: /^Start on \d+ devices?…$/ }).click();
  await confirm(page, /^Start on/);
  await page.getByRole('heading', { name: `kernels ${mark}`, level: 1 }).waitFor();
  run.batchID = idIn(page);
  await page.getByRole('button', { name: /^Repeat for/ }).waitFor();
  await page.getByRole('region', { name: 'Answer' }).first().waitFor();
  await run.shot('mass-command', { fullPage: true });
  await go('/batchcommands');
  await page.getByRole('link', { name: `kernels ${mark}` }).waitFor();
  // nobody is to hear of this device's connection in later steps
  const { results } = (await api(page, 'GET', `controller/device/${run.deviceID}/connection/`)).body;
  for (const { id } of results) await api(page, 'DELETE', `controller/device/${run.deviceID}/connection/${id}/`);
}

/** The steps of reaching devices. */
export const reachingSteps = [
  ['add access credentials, refused first', credentials],
  ['connect a device, test it and send a command', reached],
  ['send a command to many devices', massCommand],
];
