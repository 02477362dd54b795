// A browser for the tests: starts Chromium, takes screenshots, remembers everything that went wrong in the pages.
import { mkdtempSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const switches = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** How long a step waits for something, on a machine that is slow. */
const patience = 60_000;

/** Requests the tests make fail on purpose, links without a session or a connection among them; browsers report each as a console error. */
const expected =
  /Failed to load resource: the server responded with a status of (400|401|403|404|412|429)|WebSocket connection to '[^']+' failed: .*(Unexpected response code: 403|ERR_INTERNET_DISCONNECTED|ERR_NETWORK_CHANGED)/;

/** Waits until a page shows what it loads: after a click the network may be idle before the page has begun to ask. */
async function settled(page) {
  await page.waitForLoadState('networkidle');
  await page.waitForFunction(() => document.querySelector('#root > *') && !document.querySelector('.boot, .w-loading, .p-pane[aria-busy=true]'));
}

/**
 * Opens a browser with one page on an address.
 * @param {{base: string, screenshots: string, executable: string}} options
 */
export async function open({ base, screenshots, executable }) {
  mkdirSync(screenshots, { recursive: true });
  const profile = mkdtempSync(join(tmpdir(), 'admin-e2e-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: executable,
    args: switches,
    viewport: { width: 1280, height: 860 },
    locale: 'en-GB',
    timeout: 2 * patience, // the first start of a browser reads a lot
  });
  context.setDefaultTimeout(patience);
  const page = context.pages()[0] ?? (await context.newPage());
  const faults = [];
  page.on('pageerror', (error) => faults.push(`error in a page: ${error.message}`));
  page.on('console', (message) => {
    const text = message.text();
    if (message.type() === 'error' && !expected.test(text)) faults.push(`console: ${text}`);
  });
  page.on('response', (answer) => {
    if (answer.status() >= 500) faults.push(`${answer.status()} for ${answer.request().method()} ${answer.url()}`);
  });
  let taken = 0;
  return {
    page,
    screenshots,
    context,
    faults,
    go: async (path) => {
      await page.goto(`${base}/admin${path}`);
      await settled(page);
    },
    shot: async (name, options = {}) => {
      await settled(page);
      // what sticks to the top is painted where the page stands
      if (options.fullPage) await page.evaluate(() => window.scrollTo(0, 0));
      const file = join(screenshots, `${String(++taken).padStart(2, '0')}-${name}.png`);
      await page.screenshot({ path: file, animations: 'disabled', ...options });
    },
    close: async () => {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}
