// Fills a server with a network to look at: organizations, templates, devices in every state, people, subnets, certificates.
//
//   BASE_URL=http://127.0.0.1:8080 ADMIN_USER=admin ADMIN_PASSWORD=… node e2e/seed.mjs
const base = process.env.BASE_URL?.replace(/\/$/, '');

/** Opens a session and gives a function that calls the API with it. */
export async function session(base, username, password) {
  let cookies = '';
  const call = async (method, path, body) => {
    const token = /csrftoken=([^;]+)/.exec(cookies)?.[1] ?? '';
    const answer = await fetch(`${base}/api/v1/${path}`, {
      method,
      headers: { 'Content-Type': 'application/json', Cookie: cookies, 'X-CSRFToken': token, Origin: base, Referer: `${base}/` },
      body: body && JSON.stringify(body),
    });
    const set = answer.headers.getSetCookie().map((cookie) => cookie.split(';')[0]);
    if (set.length > 0) cookies = set.join('; ');
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text && JSON.parse(text);
  };
  await call('POST', 'users/session/', { username, password });
  return call;
}

const backend = 'netjsonconfig.OpenWrt';
const models = ['TP-Link EAP615-Wall v1', 'Netgear WAX202', 'Ubiquiti UniFi 6 Lite', 'MikroTik RB5009UG+S+IN', 'TP-Link EAP225-Outdoor v1'];
const schools = ['kennedy', 'zanon', 'malignani', 'marinelli', 'percoto', 'stellini', 'deganutti', 'copernico'];
const rooms = ['1f-ap01', '1f-ap02', '2f-ap07', '2f-ap08', 'lab-ap01', 'gym-ap01', 'hall-ap01', 'gateway'];

const wifi = (ssid) => ({
  interfaces: [
    { name: 'wlan0', type: 'wireless', network: 'lan', wireless: { radio: 'radio0', mode: 'access_point', ssid, encryption: { protocol: 'wpa2_personal', key: 'forest-lamp-41' } } },
  ],
});

async function organizationsOf(call) {
  const made = {};
  for (const [name, slug] of [['Friuli Schools', 'friuli-schools'], ['Hotel Adriatico', 'hotel-adriatico'], ['City of Pordenone', 'city-of-pordenone']]) {
    const { id } = await call('POST', 'users/organization/', { name, slug, is_active: true });
    await call('PATCH', `controller/organization/${id}/settings/`, { context: { ntp_server: 'ntp.example.net', country: 'IT' } });
    made[slug] = id;
  }
  return made;
}

async function templatesOf(call, organization) {
  const template = (name, config, more = {}) => call('POST', 'controller/template/', { name, organization: null, type: 'generic', backend, config, default_values: {}, ...more });
  return [
    await template('Time servers', { ntp: { enabled: true, server: ['{{ ntp_server }}'] } }, { default: true, default_values: { ntp_server: 'time.example.org' } }),
    await template('SSH keys of the operators', { files: [{ path: '/etc/dropbear/authorized_keys', mode: '0600', contents: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample ops' }] }, { required: true }),
    await template('School Wi-Fi', wifi('Scuola'), { organization, default: true }),
    await template('Guest Wi-Fi', wifi('Scuola-Ospiti'), { organization }),
    await template('Country and radios', { radios: [{ name: 'radio0', phy: 'phy0', driver: 'mac80211', protocol: '802.11n', channel: 6, channel_width: 20, country: '{{ country }}' }] }, { default_values: { country: 'IT' } }),
  ];
}

async function report(device, status, reason) {
  const form = new URLSearchParams({ key: device.key, status, ...(reason && { error_reason: reason }) });
  const answer = await fetch(`${base}/controller/report-status/${device.id}/`, { method: 'POST', body: form });
  if (!answer.ok) throw new Error(`report-status: ${answer.status} ${await answer.text()}`);
}

async function devicesOf(call, organizations, templates) {
  const [time, keys, school] = templates;
  let count = 0;
  const hex = (n) => n.toString(16).padStart(2, '0').toUpperCase();
  for (const site of schools) {
    for (const room of rooms) {
      const n = count++;
      const own = n % 11 === 10 ? organizations['hotel-adriatico'] : n % 7 === 6 ? organizations['city-of-pordenone'] : organizations['friuli-schools'];
      const list = own === organizations['friuli-schools'] ? [keys.id, time.id, school.id] : [keys.id, time.id];
      const device = await call('POST', 'controller/device/', {
        name: `${site}-${room}`, organization: own, mac_address: `5C:62:8B:1E:${hex(n >> 4)}:${hex(n)}`, model: models[n % models.length], os: n % 3 ? 'OpenWrt 23.05.5' : 'OpenWrt 24.10.1',
        system: 'MediaTek MT7621', management_ip: `10.41.${n >> 3}.${20 + (n & 7)}`, notes: n % 9 ? '' : 'Rack 2, top',
        ...(n % 17 === 16 ? {} : { config: { backend, templates: list, context: { room }, config: { general: { description: `${site} ${room}` } } } }),
      });
      if (!device.config) continue;
      if (n % 16 === 2) await report(device, 'error', '11:14:57 radio1: CHANNEL_NOT_ALLOWED: channel 144 is not allowed in IT\n11:14:58 netifd: radio1 did not come up\n11:15:30 test failed, going back');
      else if (n === 25) await report(device, 'error', 'curl: (6) Could not resolve host: net.example.org');
      else if (n % 13 === 5) continue;
      else if (n % 19 === 18) await call('POST', `controller/device/${device.id}/deactivate/`);
      else await report(device, 'applied');
    }
  }
}

async function peopleOf(call, organizations) {
  const groups = await call('GET', 'users/group/');
  const operator = (groups.results ?? groups).find(({ name }) => name === 'Operator')?.id;
  const person = (username, first_name, last_name, more) =>
    call('POST', 'users/user/', { username, email: `${username}@example.org`, password: `Kestrel-lamp-78-${username}`, first_name, last_name, is_active: true, is_staff: false, ...more });
  const of = (slug, is_admin) => ({ organization_users: [{ organization: organizations[slug], is_admin }] });
  await person('petra', 'Petra', 'Kos', { is_staff: true, groups: [operator], ...of('friuli-schools', true) });
  await person('luca', 'Luca', 'Bianchi', { is_staff: true, groups: [operator], ...of('hotel-adriatico', true) });
  await person('mirko', 'Mirko', 'Zorz', { is_staff: true, groups: [operator], ...of('friuli-schools', false) });
  await person('anna', 'Anna', 'Rossi', of('city-of-pordenone', false));
}

async function subnetsOf(call, organization) {
  const subnet = (name, network, master_subnet = null, own = organization) => call('POST', 'ipam/subnet/', { name, subnet: network, organization: own, master_subnet });
  const schools = await subnet('Schools', '10.32.0.0/16');
  const take = async ({ id }, n, what) => {
    for (let i = 1; i <= n; i++) await call('POST', `ipam/subnet/${id}/request-ip/`, { description: `${what} ${i}` });
  };
  await take(await subnet('Management', '10.32.0.0/24', schools.id), 40, 'access point');
  await take(await subnet('Printers', '10.32.1.0/28', schools.id), 13, 'printer');
  await subnet('VPN', '10.32.16.0/20', schools.id);
  await take(await subnet('Guests', 'fd32::/64'), 7, 'guest');
  await subnet('Backbone', '172.20.0.0/24', null, null);
}

/** A root, a CA below it, and certificates that are good, about to expire and revoked. */
async function certificatesOf(call, organization) {
  const inDays = (n) => new Date(Date.now() + n * 86_400_000).toISOString();
  const subject = { country_code: 'IT', state: 'Friuli Venezia Giulia', city: 'Udine', organization_name: 'Friuli Schools', email: 'pki@example.org' };
  const ca = (name, more) => call('POST', 'controller/ca/', { name, organization, common_name: name, key_length: '256', digest: 'sha256', ...subject, ...more });
  const root = await ca('Friuli Schools Root CA', { key_length: '384', digest: 'sha384', path_length: null, validity_end: inDays(3650) });
  const vpn = await ca('Friuli Schools VPN CA', { parent: root.id, enrolment: true, validity_end: inDays(1800) });
  await ca('Old RADIUS CA', { key_length: '2048', validity_end: inDays(21) });
  const cert = (name, days, usage, more = {}) =>
    call('POST', 'controller/cert/', {
      name, organization, ca: vpn.id, common_name: name, key_length: '256', serial_number: '', ...subject, validity_end: inDays(days),
      extensions: [{ name: 'subjectAltName', value: `DNS:${name}` }, { name: 'extendedKeyUsage', value: usage }], ...more,
    });
  await cert('vpn.friuli-schools.example.org', 365, 'serverAuth', { auto_renew: true });
  await cert('portal.friuli-schools.example.org', 6, 'serverAuth');
  for (const site of schools) await cert(`${site}-gateway`, 300, 'clientAuth');
  const lost = await cert('lost-laptop', 200, 'clientAuth', { notes: 'Left on a train' });
  await call('POST', `controller/cert/${lost.id}/revoke/`, { reason: 'key_compromise' });
}

/** Makes it all. */
export async function seed(call) {
  const organizations = await organizationsOf(call);
  await devicesOf(call, organizations, await templatesOf(call, organizations['friuli-schools']));
  await peopleOf(call, organizations);
  await subnetsOf(call, organizations['friuli-schools']);
  await certificatesOf(call, organizations['friuli-schools']);
}

if (process.argv[1] === import.meta.filename) {
  await seed(await session(base, process.env.ADMIN_USER, process.env.ADMIN_PASSWORD));
  console.log('seeded');
}
