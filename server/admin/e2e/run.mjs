// The web admin in a real browser against a running server:
//
//   BASE_URL=http://127.0.0.1:8080 ADMIN_USER=admin ADMIN_PASSWORD=… node e2e/run.mjs
//
// SCREENSHOTS names a folder for pictures (e2e/screenshots), WISPWRIGHT_CHROMIUM the browser. OUTBOX is the folder the
// server writes its e-mails to, EXPIRED_USER and EXPIRED_PASSWORD are of an account whose password has expired: steps
// without what they need are left out, and with STEPS, a regular expression, those it does not match. What a run makes has
// names of its own and is deleted at the end. Exits with 1 when a step fails or a page reports an error.
import { join } from 'node:path';
import { open } from './browser.mjs';
import { steps, tidy } from './steps.mjs';

const base = process.env.BASE_URL?.replace(/\/$/, '');
const user = process.env.ADMIN_USER;
const password = process.env.ADMIN_PASSWORD;
if (!base || !user || !password) {
  console.error('BASE_URL, ADMIN_USER and ADMIN_PASSWORD must be set');
  process.exit(2);
}

const browser = await open({
  base,
  screenshots: process.env.SCREENSHOTS || join(import.meta.dirname, 'screenshots'),
  executable: process.env.WISPWRIGHT_CHROMIUM || '/usr/bin/chromium',
});
const { EXPIRED_USER: expiredUser, EXPIRED_PASSWORD: expiredPassword, OUTBOX: outbox } = process.env;
const run = { ...browser, base, user, password, expiredUser, expiredPassword, outbox, mark: Date.now().toString(36), made: [] };
const wanted = new RegExp(process.env.STEPS || '');
let passed = 0;
const failed = [];
for (const [name, step, needed] of steps) {
  // steps build on one another, so after a failure only the cleaning at the end is of use
  if ((failed.length > 0 && step !== tidy) || (needed && !run[needed]) || !wanted.test(name)) {
    console.log(`skip ${name}`);
    continue;
  }
  const begun = Date.now();
  const before = browser.faults.length;
  let problem;
  try {
    await step(run);
    problem = browser.faults[before];
  } catch (error) {
    problem = error instanceof Error ? error.message : String(error);
  }
  if (!problem) passed++;
  else {
    failed.push(name);
    await browser.shot(`failed-${name.replace(/\W+/g, '-')}`).catch(() => undefined); // the step's problem matters more
  }
  console.log(`${problem ? 'FAIL' : 'ok  '} ${name} (${Date.now() - begun} ms)${problem ? `\n     ${problem}` : ''}`);
}
await browser.close();
console.log(`${passed} passed, ${failed.length} failed`);
process.exit(failed.length > 0 ? 1 : 0);
