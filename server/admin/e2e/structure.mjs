// What a screen reader finds on the pages of the main tasks, and how the parts of the design are drawn, against what was kept.
//
// Pictures differ from machine to machine by how letters are smoothed; roles, names, colours and measures do not. UPDATE=1 keeps
// what is there now, in e2e/structure/, whose changes are read before they are kept.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, 'structure');

/** What changes from run to run: what the run made, ids, times. */
function steady(text, mark) {
  return text
    .replaceAll(mark, 'MARK')
    .replaceAll(mark.toUpperCase(), 'MARK')
    .replace(/Notifications(, \d+ unread)?/g, 'Notifications')
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'ID')
    .replace(/\b(\d+ (s|min|h|d|days?) ago|just now|in \d+ (s|min|h|d|days?))\b/g, 'TIME')
    .replace(/\d{1,2} [A-Z][a-z]{2}( \d{4})?(, \d\d:\d\d(:\d\d)?)?/g, 'TIME')
    .replace(/\d\d\/\d\d\/\d{4}, \d\d:\d\d(:\d\d)?( [A-Z]{3,5})?/g, 'TIME');
}

function compare(name, now) {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, name);
  if (process.env.UPDATE) {
    writeFileSync(file, now);
    return;
  }
  const kept = readFileSync(file, 'utf8');
  const [before, after] = [kept.split('\n'), now.split('\n')];
  const at = after.findIndex((line, index) => line !== before[index]);
  assert.equal(now, kept, `${name}, line ${at + 1}: ${JSON.stringify(after[at])} and not ${JSON.stringify(before[at])}; UPDATE=1 keeps it`);
}

/** Compares the tree of roles and names below an element with the one that was kept. */
export async function treeOf({ page, mark }, name, element = page.locator('body')) {
  compare(`${name}.yml`, `${steady(await element.ariaSnapshot(), mark)}\n`);
}

/** Which measures of an element make its look. */
const looks = ['color', 'background-color', 'border-top-color', 'border-top-width', 'border-radius', 'font-family', 'font-size', 'font-weight', 'line-height', 'padding', 'box-shadow', 'outline-color'];

/** Compares how each kind of element on the page of parts is drawn, in both themes. */
export async function looksOf({ page, go }) {
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    await go('/parts');
    const drawn = await page.evaluate((looks) => {
      const kinds = {};
      for (const element of document.querySelectorAll('main *')) {
        const classes = [...element.classList].filter((name) => /^(w|p|t|c)-/.test(name) || /^Mui[A-Z][a-z]+-(root|contained|outlined|text|sizeSmall|colorPrimary|colorInherit)$/.test(name));
        if (classes.length === 0) continue;
        const style = getComputedStyle(element);
        kinds[`${element.localName}.${classes.sort().join('.')}`] ??= Object.fromEntries(looks.map((look) => [look, style.getPropertyValue(look)]));
      }
      return Object.fromEntries(Object.entries(kinds).sort(([a], [b]) => (a < b ? -1 : 1)));
    }, looks);
    assert.ok(Object.keys(drawn).length > 40, 'the page has parts');
    compare(`parts-${colorScheme}.json`, `${JSON.stringify(drawn, undefined, 1)}\n`);
  }
  await page.emulateMedia({ colorScheme: null });
}

/** The main tasks as somebody finds them who hears the pages: landmarks, headings, names of fields and buttons. */
export async function heard(run) {
  const { page, go } = run;
  const main = page.locator('main');
  await go('/');
  // the frame around every page, and how one gets past it
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.textContent.trim()), 'To the contents');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main-content');
  await treeOf(run, 'bar', page.locator('header').first());
  await go('/parts');
  await treeOf(run, 'parts', main);
  await go('/templates/create');
  await page.getByRole('heading', { name: 'Wi-Fi network', level: 1 }).waitFor();
  await treeOf(run, 'wifi', page.getByRole('complementary', { name: 'What should it do?' }));
  await go('/devices/create');
  await treeOf(run, 'new-device', page.locator('main form').first());
  await go('/devices-import');
  await page.getByRole('heading', { name: 'Import and export devices', level: 1 }).waitFor();
  await treeOf(run, 'import', main);
  // each page has one heading of the first level, in its main part, and a title of its own
  const titles = new Set();
  for (const path of ['/', '/devices', '/templates', '/organizations', '/users', '/events', '/subnets', '/devices/create', '/registrations', '/deleteddevices']) {
    await go(path);
    await main.getByRole('heading', { level: 1 }).first().waitFor();
    assert.equal(await page.getByRole('heading', { level: 1 }).count(), 1, `${path} has one heading`);
    titles.add(await page.title());
    // where one is, is said in the navigation too
    if (path !== '/devices/create') assert.equal(await page.getByRole('navigation', { name: 'Main' }).locator('[aria-current=page]').count(), 1, `${path} is somewhere in the navigation`);
  }
  assert.ok(titles.size >= 9, `titles: ${[...titles].join(', ')}`);
}

/** The log-in page, which has no frame. */
export async function heardLogin(run) {
  const { page, go, context } = run;
  const cookies = await context.cookies();
  await context.clearCookies();
  await go('/');
  await page.locator('input[name=username]').waitFor();
  await treeOf(run, 'login');
  await context.addCookies(cookies);
}

/** The steps of it. */
export const structureSteps = [
  ['what a screen reader finds', heard],
  ['the log-in page as it is heard', heardLogin],
  ['the parts are drawn as they were', looksOf],
];
