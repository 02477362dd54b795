// A device as the server sees one: it registers with the secret of its organization, fetches its configuration, and says what became of it.

import { createHash } from 'node:crypto';

/** Registers a device. */
export async function register(base, secret, name) {
  const bytes = [...createHash('sha256').update(name).digest()].slice(-3).map((byte) => byte.toString(16).padStart(2, '0').toUpperCase());
  const form = new URLSearchParams({ backend: 'netjsonconfig.OpenWrt', secret, name, mac_address: `02:00:5F:${bytes.join(':')}` });
  const answer = await fetch(`${base}/controller/register/`, { method: 'POST', body: form });
  const text = await answer.text();
  if (answer.status !== 201) throw new Error(`register: ${answer.status} ${text}`);
  const said = Object.fromEntries(text.split('\n').map((line) => line.split(': ')));
  const at = (action) => `${base}/controller/${action}/${said.uuid}/`;
  return {
    id: said.uuid.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
    name,
    /** Fetches its configuration, as an agent does before it says what became of it. */
    async fetches() {
      for (const action of ['checksum', 'download-config']) {
        const got = await fetch(`${at(action)}?key=${said.key}`);
        if (!got.ok) throw new Error(`${action}: ${got.status}`);
        await got.arrayBuffer();
      }
    },
    async reports(status, reason) {
      const got = await fetch(at('report-status'), { method: 'POST', body: new URLSearchParams({ key: said.key, status, ...(reason ? { error_reason: reason } : {}) }) });
      if (!got.ok) throw new Error(`report-status: ${got.status} ${await got.text()}`);
    },
  };
}
