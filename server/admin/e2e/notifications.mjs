// What people are told of, in the admin: bell, toasts, list, preferences, silences.
import assert from 'node:assert/strict';
import { register } from './device.mjs';
import { api, confirm, filterBy, notice } from './hands.mjs';

const toast = (page) => page.locator('.n-toast');
const live = (page) => page.locator('.w-live[data-state=ok]').waitFor();
const unread = async (page) => (await api(page, 'GET', 'notifications/notification/?unread=true&page_size=1')).body.count;

/** A device registers and fails while its list is looked at: all of it is seen without loading anything again. */
async function told(run) {
  const { page, go, base, mark } = run;
  const { body: settings } = await api(page, 'GET', `controller/organization/${run.organizationID}/settings/`);
  await go('/devices');
  await live(page);
  await page.getByRole('row').nth(1).waitFor();
  const name = () => page.getByRole('row').nth(1).getByRole('link').first().textContent();
  const first = await name();

  run.secret = settings.shared_secret;
  run.failing = await register(base, run.secret, `aaa-fails-${mark}`);
  run.made.unshift(`controller/device/${run.failing.id}/?force=true`);
  await toast(page).getByText(`${run.failing.name} has registered successfully`).waitFor();
  await page.getByRole('button', { name: '1 new, show' }).waitFor();
  assert.equal(await name(), first, 'what is read stays where it is');
  await run.shot('told');
  await page.getByRole('button', { name: '1 new, show' }).click();
  const row = page.getByRole('row', { name: new RegExp(run.failing.name) });
  await row.getByText('modified', { exact: true }).waitFor();

  await run.failing.fetches();
  await run.failing.reports('applied');
  await row.getByText('applied', { exact: true }).waitFor();
  await run.failing.reports('error', 'netifd: radio0 did not come up');
  await row.getByText('error', { exact: true }).waitFor();
  await toast(page).getByText(`The configuration of ${run.failing.name} has encountered an error`).waitFor();
  assert.ok((await unread(page)) >= 2);
  await run.shot('told-failed');
  await toast(page).getByRole('button', { name: 'View' }).click();
  await page.getByRole('heading', { name: run.failing.name, level: 1 }).waitFor();
  await page.getByText('netifd: radio0 did not come up').first().waitFor();
  await toast(page).waitFor({ state: 'detached' });
  // it mends itself while the page is looked at
  await run.failing.reports('applied');
  await page.locator('.w-pill').getByText('applied').waitFor();
}

/** The bell counts, lists and reads. */
async function ringing({ page, go, shot, failing }) {
  await go('/');
  await live(page);
  await failing.reports('error', 'once more');
  await toast(page).getByText(`The configuration of ${failing.name} has encountered an error`).waitFor();
  await failing.reports('applied');
  await page.getByRole('button', { name: /^Notifications, \d+ unread$/ }).click();
  const panel = page.getByRole('dialog', { name: 'Notifications' });
  await panel.getByText(`${failing.name} has registered successfully`).waitFor();
  await shot('bell');
  const before = await unread(page);
  await panel.getByRole('button', { name: new RegExp(`^Mark as read: A new device ${failing.name}`) }).click();
  await panel.getByRole('button', { name: new RegExp(`^Mark as read: A new device ${failing.name}`) }).waitFor({ state: 'detached' });
  await page.waitForFunction((count) => document.querySelector('.n-badge')?.textContent === String(count), before - 1);
  await panel.getByRole('button', { name: 'Sound' }).click();
  assert.equal(await panel.getByRole('button', { name: 'Sound' }).getAttribute('aria-pressed'), 'false');
  await panel.getByRole('button', { name: 'Mark all as read' }).click();
  await page.locator('.n-badge').waitFor({ state: 'detached' });
  await panel.getByRole('button', { name: 'Unread only' }).click();
  await panel.getByText('Nothing is unread').waitFor();
  await panel.getByRole('link', { name: 'All notifications' }).click();
  await page.getByRole('heading', { name: 'Notifications', level: 1 }).waitFor();
}

/** The list is filtered, and many are deleted at once. */
async function listed({ page, go, shot, failing }) {
  await go('/notifications');
  await filterBy(page, 'Level', 'error');
  await page.waitForURL(/filter=/);
  const rows = page.getByRole('row', { name: new RegExp(`configuration of ${failing.name}`) });
  await rows.first().waitFor();
  await page.getByRole('row', { name: new RegExp(`${failing.name} has registered`) }).waitFor({ state: 'detached' });
  const before = (await api(page, 'GET', 'notifications/notification/?level=error&page_size=1')).body.count;
  await page.getByRole('checkbox', { name: new RegExp(`^Select The configuration of ${failing.name}`) }).first().check();
  await shot('notifications');
  await page.getByRole('button', { name: 'Delete…' }).click();
  await confirm(page, 'Delete 1 notification');
  await notice(page, '1 notification deleted').waitFor();
  assert.equal((await api(page, 'GET', 'notifications/notification/?level=error&page_size=1')).body.count, before - 1);
  // the address an e-mail leads to is one of OpenWISP's admin
  await go(`/config/device/${failing.id}/change/`);
  await page.getByRole('heading', { name: failing.name, level: 1 }).waitFor();
}

/** One's own preferences, and those of a person one administers. */
async function preferences(run) {
  const { page, go, organization } = run;
  const lines = async (user) => (await api(page, 'GET', `notifications/user/${user}/user-setting/?type=config_error&organization=${run.organizationID}`)).body.results;
  const { body: session } = await api(page, 'GET', 'users/session/');
  await go('/notifications/preferences');
  const email = page.getByRole('checkbox', { name: `E-mail for Configuration ERROR of ${organization}` });
  await email.click(); // the server's answer moves the box, not the click
  await page.getByRole('button', { name: `undo, follow the wider choice again: E-mail for Configuration ERROR of ${organization}` }).waitFor();
  await run.shot('preferences');
  assert.deepEqual((await lines(session.user.id)).map(({ web, email: mailed, email_inherited: follows }) => [web, mailed, follows]), [[true, false, false]]);
  await page.getByRole('button', { name: `undo, follow the wider choice again: E-mail for Configuration ERROR of ${organization}` }).click();
  await page.waitForFunction((name) => document.querySelector(`input[aria-label="${name}"]`)?.checked, `E-mail for Configuration ERROR of ${organization}`);
  const all = page.getByRole('switch', { name: 'Web for everything' }).or(page.getByRole('checkbox', { name: 'Web for everything' }));
  await all.click();
  await page.waitForFunction((name) => document.querySelector(`input[aria-label="${name}"]`)?.checked === false, `Web for Configuration ERROR of ${organization}`);
  assert.deepEqual((await lines(session.user.id)).map(({ web, email: mailed }) => [web, mailed]), [[false, false]], 'no e-mail without the web');
  await page.getByText('as for everything').first().waitFor();
  await all.click();
  await page.waitForFunction((name) => document.querySelector(`input[aria-label="${name}"]`)?.checked, `Web for Configuration ERROR of ${organization}`);

  await go(`/users/${run.userID}`);
  await page.getByRole('link', { name: 'Notifications', exact: true }).last().click();
  await page.getByRole('heading', { name: /^What .+ is told of$/, level: 1 }).waitFor();
  await page.getByRole('checkbox', { name: `Web for Configuration ERROR of ${organization}` }).click();
  await page.getByRole('button', { name: `undo, follow the wider choice again: Web for Configuration ERROR of ${organization}` }).waitFor();
  assert.deepEqual((await lines(run.userID)).map(({ web }) => web), [false]);
}

/** A device that is silenced is not spoken of, until that is ended. */
async function silenced(run) {
  const { page, go, failing } = run;
  await go(`/devices/${failing.id}`);
  await page.getByRole('button', { name: `Silence ${failing.name}…` }).click();
  await run.shot('silence');
  await page.getByRole('radio', { name: 'For a week' }).check();
  await confirm(page, 'Silence');
  await page.getByRole('button', { name: /^Silenced until/ }).waitFor();
  const before = (await api(page, 'GET', 'notifications/notification/?page_size=1')).body.count;
  await failing.reports('error', 'again');
  await page.locator('.w-pill').getByText('error').waitFor();
  await failing.reports('applied');
  await page.locator('.w-pill').getByText('applied').waitFor();
  // what is told after it has come, so nothing is still on its way
  run.witness = await register(run.base, run.secret, `aaa-other-${run.mark}`);
  run.made.unshift(`controller/device/${run.witness.id}/?force=true`);
  await toast(page).getByText(`${run.witness.name} has registered successfully`).waitFor();
  assert.equal((await api(page, 'GET', 'notifications/notification/?page_size=1')).body.count, before + 1);
  await go('/notifications/preferences');
  await run.shot('silences');
  await page.getByRole('button', { name: `Be told of ${failing.name} again` }).click();
  await page.getByText('Nothing. A device is silenced on its page.').waitFor();
  assert.equal((await api(page, 'GET', `notifications/notification/ignore/config/device/${failing.id}/`)).status, 404);
}

/** The steps. */
export const notificationSteps = [
  ['a device fails while its list is looked at', told],
  ['the bell counts, lists and reads', ringing],
  ['filter and delete notifications', listed],
  ['choose what one is told of', preferences],
  ['silence a device', silenced],
];
