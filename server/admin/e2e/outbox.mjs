// E-mails as the server writes them into a folder while it has no mail server.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** The path in the newest e-mail to an address that confirms the address. Waits for the e-mail, a job sends it. */
export async function confirmationPath(folder, address) {
  for (let tries = 0; tries < 600; tries++) {
    for (const name of mails(folder)) {
      const text = readFileSync(join(folder, name), 'utf8').replace(/=\r?\n/g, ''); // quoted-printable: soft line ends
      const path = /\/accounts\/confirm-email\/[^/\s]+\//.exec(text)?.[0];
      if (path && text.includes(address)) return path.replace(/=([0-9A-F]{2})/g, (_, code) => String.fromCharCode(Number.parseInt(code, 16)));
    }
    await pause(100);
  }
  throw new Error(`no e-mail to ${address} that asks to confirm it`);
}

function mails(folder) {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.eml')).sort().reverse();
  } catch (error) {
    if (error.code === 'ENOENT') return []; // made for the first e-mail
    throw error;
  }
}
