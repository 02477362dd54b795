// Pictures of the pages of a server that seed.mjs has filled, for the README and for looking at them:
//
//   BASE_URL=http://127.0.0.1:8080 ADMIN_USER=admin ADMIN_PASSWORD=… node e2e/pictures.mjs FOLDER
//
// Every page at 1440, 1024 and 390 pixels, in light and dark; PAGES names those that are wanted.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { session } from './seed.mjs';

const base = process.env.BASE_URL?.replace(/\/$/, '');
const folder = process.argv[2];
if (!base || !folder) {
  console.error('BASE_URL and a folder are needed');
  process.exit(2);
}
mkdirSync(folder, { recursive: true });

const call = await session(base, process.env.ADMIN_USER, process.env.ADMIN_PASSWORD);
const first = async (path) => (await call('GET', path)).results[0].id;
const device = await first('controller/device/?config__status=error');
const template = await first('controller/template/?search=School');
const person = await first('users/user/?search=petra');
const subnet = await first('ipam/subnet/?search=10.32.0.0/24');
const address = await first('ipam/ip-address/');
const ca = await first('controller/ca/?search=VPN');
const cert = await first('controller/cert/?search=portal');
const organization = await first('users/organization/?search=friuli');
const pages = {
  overview: '/',
  devices: '/devices',
  device: `/devices/${device}`,
  configuration: `/devices/${device}/configuration`,
  history: `/devices/${device}/history`,
  details: `/devices/${device}/details`,
  'device-new': '/devices/create',
  templates: '/templates',
  template: `/templates/${template}`,
  wifi: '/templates/create',
  subnets: '/subnets',
  subnet: `/subnets/${subnet}`,
  'subnet-new': '/subnets/create',
  'subnet-import': '/subnets-import',
  addresses: '/addresses',
  address: `/addresses/${address}`,
  cas: '/cas',
  ca: `/cas/${ca}`,
  'ca-new': '/cas/create',
  certs: '/certs',
  cert: `/certs/${cert}`,
  'cert-new': '/certs/create',
  organizations: '/organizations',
  organization: `/organizations/${organization}`,
  people: '/users',
  person: `/users/${person}`,
  'person-new': '/users/create',
  groups: '/groups',
  audit: '/events',
  account: '/account',
  parts: '/parts',
};
const wanted = process.env.PAGES?.split(',') ?? Object.keys(pages);
const widths = (process.env.WIDTHS ?? '1440,1024,390').split(',').map(Number);
const schemes = (process.env.SCHEMES ?? 'light,dark').split(',');

const browser = await chromium.launch({ executablePath: process.env.WISPWRIGHT_CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'], timeout: 120_000 });
for (const colorScheme of schemes) {
  for (const width of widths) {
    const context = await browser.newContext({ viewport: { width, height: width < 640 ? 844 : 900 }, colorScheme, locale: 'en-GB', reducedMotion: 'reduce' });
    context.setDefaultTimeout(120_000);
    const page = await context.newPage();
    await page.goto(`${base}/admin/`);
    await page.locator('input[name=username]').fill(process.env.ADMIN_USER);
    await page.locator('input[name=password]').fill(process.env.ADMIN_PASSWORD);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
    for (const name of wanted) {
      await page.goto(`${base}/admin${pages[name]}`);
      await page.waitForLoadState('networkidle');
      await page.waitForFunction(() => document.querySelector('#root > *') && !document.querySelector('.boot, .w-loading, .p-pane[aria-busy=true]'));
      await page.waitForTimeout(1_000); // cards that ask once they are there
      await page.waitForLoadState('networkidle');
      await page.waitForFunction(() => !document.querySelector('.w-loading'));
      await page.screenshot({ path: join(folder, `${name}-${width}-${colorScheme}.png`), animations: 'disabled' });
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      if (wider > 0) console.log(`${name} at ${width}, ${colorScheme}: ${wider} pixels too wide`);
    }
    await context.close();
  }
}
await browser.close();
