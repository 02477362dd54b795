// What every step does with a page: finding fields, pressing buttons, asking the API.
import assert from 'node:assert/strict';

export const tab = (page, name) => page.getByRole('tab', { name, exact: true });
export const field = (page, name) => page.getByLabel(name, { exact: true });
/** What is shown of a text: other tabs of a form hold the same texts, hidden. */
export const shown = (page, text) => page.getByText(text).filter({ visible: true }).first();
export const notice = (page, text) => page.locator('.MuiSnackbar-root').getByText(text).first();

export async function logIn({ page, go }, user, password) {
  await go('/');
  await page.locator('input[name=username]').fill(user);
  await page.locator('input[name=password]').fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
}

export async function logOut({ page }) {
  await page.getByRole('button', { name: /, account menu$/ }).click();
  await page.getByRole('menuitem', { name: 'Log out' }).click();
  await page.locator('input[name=username]').waitFor();
}

export const bar = (page) => page.getByRole('region', { name: 'Save' });

export async function save(page) {
  await bar(page).locator('button[type=submit]').click();
}

export const menu = (page) => page.getByRole('navigation', { name: 'Main' });

/** Chooses an entry of the menu of an object's header. */
export async function more(page, entry) {
  await page.getByRole('button', { name: /^More about this/ }).click();
  await page.getByRole('menuitem', { name: entry }).click();
}

/** Does what a dialog asks about. */
export async function confirm(page, verb) {
  await page.getByRole('dialog').getByRole('button', { name: verb }).click();
}

/** Filters a list by one of the choices of a chip. */
export async function filterBy(page, label, choice) {
  await page.getByRole('button', { name: new RegExp(`^${label} `) }).click();
  await page.getByRole('menuitem', { name: choice, exact: true }).click();
}

export async function choose(page, label, option) {
  // a choice already made belongs to the name
  await page.getByRole('combobox', { name: new RegExp(`^${label}( |$)`) }).click();
  await page.getByRole('option', { name: option, exact: true }).click();
}

/** Requests an API path as the page would, with its session. */
export function api(page, method, path, body) {
  return page.evaluate(
    async ([method, path, body]) => {
      const token = document.cookie.split('; ').find((c) => c.startsWith('csrftoken='))?.slice(10) ?? '';
      const answer = await fetch(`/api/v1/${path}`, {
        method,
        headers: { 'Content-Type': 'application/json', 'X-CSRFToken': token },
        body: body && JSON.stringify(body),
      });
      const text = await answer.text();
      return { status: answer.status, body: text && JSON.parse(text) };
    },
    [method, path, body],
  );
}

/** The overview is there, with its numbers. */
export async function overview(page) {
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
  await page.getByRole('img', { name: /devices by status$/ }).waitFor();
}

export const idIn = (page) => /\/admin\/\w+\/([^/?]+)/.exec(page.url())?.[1];

export async function noSidewaysScrolling(page, where) {
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(wider <= 0, `${where} is ${wider} pixels wider than the window`);
}
