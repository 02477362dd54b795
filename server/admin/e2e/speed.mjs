// How long pages take over a slow line, of a server that seed.mjs has filled:
//
//   BASE_URL=http://127.0.0.1:8080 ADMIN_USER=admin ADMIN_PASSWORD=… node e2e/speed.mjs
//
// Chromium is slowed down to 1.6 Mbit/s down, 0.75 up and 150 ms for each question (RATE in Mbit/s and LATENCY in ms are
// others). Every figure is the median of RUNS (5) and is taken in the page: from its beginning, or from a click, to the moment
// when what was asked for is there. Cold: nothing in the browser's cache; warm: a second visit. Times are this machine's;
// requests and bytes are not, up to the first second in which nothing moves.
import { chromium } from 'playwright-core';
import { session } from './seed.mjs';

const base = process.env.BASE_URL?.replace(/\/$/, '');
const { ADMIN_USER: user, ADMIN_PASSWORD: password } = process.env;
if (!base || !user || !password) {
  console.error('BASE_URL, ADMIN_USER and ADMIN_PASSWORD must be set');
  process.exit(2);
}
const runs = Number(process.env.RUNS ?? 5);
const line = { offline: false, latency: Number(process.env.LATENCY ?? 150), downloadThroughput: (Number(process.env.RATE ?? 1.6) * 1e6) / 8, uploadThroughput: 0.75e6 / 8 };

const call = await session(base, user, password);
const device = (await call('GET', 'controller/device/?page_size=1')).results[0];

/** What is waited for, as the moment since the page's beginning in which it is there; functions, since the pages evaluate no text. */
const there = {
  login: () => document.querySelector('input[name=username]') && performance.now(),
  overview: () => document.querySelector('main h1') && document.querySelector('main a[href*="/devices?"]') && performance.now(),
  list: () => document.querySelector('main tbody a[href*="/devices/"]') && document.querySelector('main input[type=search]') && performance.now(),
  device: () => document.querySelector('main h1') && document.querySelector('main [role=tab]') && document.querySelector('main .w-card') && performance.now(),
  editor: () => document.querySelector('[data-testid=preview]')?.textContent?.includes('config ') && performance.now(),
};
/** What is done, from what state of the browser, until when. */
const visits = [
  { name: 'log-in page, cold', to: '/', until: 'login', anonymous: true },
  { name: 'overview, cold', to: '/', until: 'overview' },
  { name: 'device list, cold', to: '/devices', until: 'list', goal: 2500 },
  { name: 'device list, warm', to: '/devices', until: 'list', warm: true, goal: 2500 },
  { name: 'a device, cold', to: `/devices/${device.id}`, until: 'device' },
  { name: 'a device, warm', to: `/devices/${device.id}`, until: 'device', warm: true, goal: 2000 },
  { name: 'a device, from the list', from: '/devices', before: 'list', click: 'main tbody a[href*="/devices/"]', until: 'device', goal: 2000 },
  { name: 'its configuration, cold', to: `/devices/${device.id}/configuration`, until: 'editor' },
  { name: 'its configuration, warm', to: `/devices/${device.id}/configuration`, until: 'editor', warm: true },
];

const browser = await chromium.launch({ executablePath: process.env.WISPWRIGHT_CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'], timeout: 120_000 });

/** Slows a page down, and counts what it fetches. */
async function slow(page) {
  const wire = await page.context().newCDPSession(page);
  await wire.send('Network.enable');
  await wire.send('Network.emulateNetworkConditions', line);
  const fetched = { requests: 0, bytes: 0 };
  wire.on('Network.requestWillBeSent', () => fetched.requests++);
  wire.on('Network.requestServedFromCache', () => fetched.requests--);
  wire.on('Network.responseReceived', ({ response }) => {
    if (response.fromDiskCache && !response.fromPrefetchCache) fetched.requests--;
  });
  wire.on('Network.loadingFinished', ({ encodedDataLength }) => {
    fetched.bytes += encodedDataLength;
  });
  return fetched;
}

/** When a condition holds in the page, in milliseconds since its beginning. */
async function when(page, condition) {
  const handle = await page.waitForFunction(condition, undefined, { polling: 'raf', timeout: 60_000 });
  return handle.jsonValue();
}

async function visit({ to, from, before, click, until, warm, anonymous }) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB' });
  try {
    if (!anonymous) {
      const { cookies } = await login;
      await context.addCookies(cookies);
    }
    const page = await context.newPage();
    if (warm) {
      await page.goto(`${base}/admin${to}`);
      await when(page, there[until]);
      await page.waitForLoadState('networkidle');
      await page.goto('about:blank');
    }
    const fetched = await slow(page);
    await page.goto(`${base}/admin${from ?? to}`, { waitUntil: 'commit' });
    let begun = 0;
    if (click) {
      await when(page, there[before]);
      await page.waitForTimeout(4_000); // somebody looks for it
      fetched.requests = 0;
      fetched.bytes = 0;
      begun = await page.evaluate((selector) => {
        document.querySelector(selector).click();
        return performance.now();
      }, click);
    }
    const took = (await when(page, there[until])) - begun;
    return { took, requests: fetched.requests, bytes: fetched.bytes };
  } finally {
    await context.close();
  }
}

/** One session for all visits, as a person has one. */
const login = (async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${base}/admin/`);
  await page.locator('input[name=username]').fill(user);
  await page.locator('input[name=password]').fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
  const cookies = await context.cookies();
  await context.close();
  return { cookies };
})();
await login;

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
let late = 0;
console.log('| page | s | goal | slowest of all | requests | KB |\n|---|---|---|---|---|---|');
for (const one of visits.filter(({ name }) => new RegExp(process.env.VISITS ?? '').test(name))) {
  const all = [];
  for (let i = 0; i < runs; i++) all.push(await visit(one));
  const took = median(all.map((each) => each.took));
  if (one.goal && took > one.goal) late++;
  const seconds = (ms) => (ms / 1000).toFixed(2);
  console.log(`| ${one.name} | ${seconds(took)} | ${one.goal ? seconds(one.goal) : ''} | ${seconds(Math.max(...all.map((each) => each.took)))} | ${median(all.map((each) => each.requests))} | ${Math.round(median(all.map((each) => each.bytes)) / 1000)} |`);
}
await browser.close();
process.exit(late > 0 && process.env.STRICT ? 1 : 0);
