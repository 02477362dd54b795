// Places: a device is dragged on the plan of its floor, a place that moves moves on the map, and a topology lies over the map.
import assert from 'node:assert/strict';
import { deflateSync } from 'node:zlib';
import { api, field, noSidewaysScrolling, notice } from './hands.mjs';

/** A picture in one colour, as PNG. */
function picture(width, height) {
  const crc = (bytes) => {
    let value = 0xffffffff;
    for (const byte of bytes) {
      value ^= byte;
      for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0);
    }
    return (value ^ 0xffffffff) >>> 0;
  };
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(data.length, 0);
    ends.writeUInt32BE(crc(body), 4);
    return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8); // 8 bits of red, green and blue
  const row = Buffer.concat([Buffer.from([0]), Buffer.alloc(width * 3, 0xdd)]);
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), chunk('IHDR', head), chunk('IDAT', deflateSync(Buffer.concat(Array(height).fill(row)))), chunk('IEND', Buffer.alloc(0))]);
}

/** Makes something by the API, to be deleted at the end. */
async function make(run, path, body, remove) {
  const answer = await api(run.page, 'POST', path, body);
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  kept(run, remove(answer.body.id));
  return answer.body;
}

/** What these steps take away again, the last first; what is left when one of them fails goes with all the rest. */
function kept(run, path) {
  run.made.unshift(path);
  run.places = [path, ...(run.places ?? [])];
}

/** Takes away what these steps made: later ones count the devices of the organization. */
async function gone(run) {
  for (const path of run.places ?? []) {
    assert.equal((await api(run.page, 'DELETE', path)).status, 204, path);
    run.made.splice(run.made.indexOf(path), 1);
  }
}

/** A device of the organization, n of some. */
async function deviceOf(run, name, n) {
  const tail = run.mark.slice(-4).padStart(4, '0').split('').map((c) => (c.charCodeAt(0) & 15).toString(16)).join('').toUpperCase();
  const body = { name: `${name}-${run.mark}`, organization: run.organizationID, mac_address: `02:00:6A:0${n}:${tail.slice(0, 2)}:${tail.slice(2)}` };
  return make(run, 'controller/device/', body, (id) => `controller/device/${id}/?force=true`);
}

async function locationOf(run, name, more) {
  return make(run, 'controller/location/', { organization: run.organizationID, name: `${name} ${run.mark}`, type: 'outdoor', is_mobile: false, address: '', ...more }, (id) => `controller/location/${id}/`);
}

const point = (lng, lat) => ({ type: 'Point', coordinates: [lng, lat] });
const put = async (run, device, body) => assert.ok((await api(run.page, 'PUT', `controller/device/${device.id}/location/`, body)).status < 300);

/** Puts a device onto the plan of a floor, and drags it to where it hangs. */
async function floorPlan(run) {
  const { page, go, mark } = run;
  run.indoors = await deviceOf(run, 'indoors', 1);
  run.school = await locationOf(run, 'School', { type: 'indoor', geometry: point(13.2346, 46.0626), address: 'Via Piave 1, Udine' });
  await put(run, run.indoors, { location: run.school.id });
  await go(`/locations/${run.school.id}`);
  await page.getByText('No plans yet: choose the number of a floor and a picture.').waitFor();
  await field(page, 'Floor').fill('2');
  await page.locator('input[type=file]').first().setInputFiles({ name: 'notes.png', mimeType: 'image/png', buffer: Buffer.from('no picture') });
  await notice(page, /Upload a valid image/).waitFor();
  await page.locator('input[type=file]').first().setInputFiles({ name: 'second.png', mimeType: 'image/png', buffer: picture(600, 400) });
  await notice(page, 'Plan added').waitFor();
  await page.getByRole('button', { name: `indoors-${mark}`, exact: true }).click();
  const marker = page.locator('.w-plan .w-plan-dot');
  await marker.waitFor();
  const where = async () => (await api(page, 'GET', `controller/device/${run.indoors.id}/location/`)).body.indoor;
  assert.equal(await where(), '-200,300', 'in the middle of the plan');
  await marker.scrollIntoViewIfNeeded();
  await run.shot('floor-plan');
  const box = await marker.boundingBox();
  const plan = await page.locator('.w-plan .leaflet-image-layer').boundingBox();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  // a quarter of the plan to the right, and as much up
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + plan.width / 8, y - plan.height / 8, { steps: 5 });
  await page.mouse.move(x + plan.width / 4, y - plan.height / 4, { steps: 5 });
  await page.mouse.up();
  await notice(page, `indoors-${mark} moved`).waitFor();
  const [lat, lng] = (await where()).split(',').map(Number);
  assert.ok(Math.abs(lat + 100) < 12 && Math.abs(lng - 450) < 12, `it was dragged to ${lat},${lng}`);
  await page.reload();
  await marker.waitFor();
  await marker.scrollIntoViewIfNeeded();
  await run.shot('floor-plan-dragged');
  await page.setViewportSize({ width: 390, height: 800 });
  await noSidewaysScrolling(page, 'the page of a location with a plan');
  await marker.scrollIntoViewIfNeeded();
  await run.shot('floor-plan-telephone');
  await page.setViewportSize({ width: 1440, height: 900 });
}

/** A device that says where it is is followed on the map, without a word of anybody. */
async function moving(run) {
  const { page, go, mark } = run;
  run.bus = await deviceOf(run, 'bus', 2);
  const { key } = (await api(page, 'GET', `controller/device/${run.bus.id}/`)).body;
  const say = async (lng, lat) => {
    const { status, body } = await api(page, 'PUT', `controller/device/${run.bus.id}/coordinates/?key=${key}`, { type: 'Feature', geometry: point(lng, lat) });
    assert.equal(status, 200, JSON.stringify(body));
  };
  await say(13.2, 46.05);
  const { body } = await api(page, 'GET', `controller/device/${run.bus.id}/location/`);
  kept(run, `controller/location/${body.location.id}/`);
  await go(`/map?${new URLSearchParams({ lat: '46.06', lng: '13.23', zoom: '13', search: `bus-${mark}` })}`);
  await page.getByTestId('map-count').getByText('1 place').waitFor();
  const dot = page.locator('path.w-map-dot');
  await dot.waitFor();
  const before = await dot.boundingBox();
  await run.shot('map-before');
  await say(13.25, 46.05);
  const pixels = (0.05 / 360) * 256 * 2 ** 13; // how far that is at this zoom
  await page.waitForFunction((left) => document.querySelector('path.w-map-dot')?.getBoundingClientRect().x > left, before.x + pixels / 2);
  const after = await dot.boundingBox();
  assert.ok(Math.abs(after.x - before.x - pixels) < 4 && Math.abs(after.y - before.y) < 2, `it moved by ${after.x - before.x} of ${pixels} pixels`);
  await run.shot('map-after');
  await dot.click();
  await page.getByRole('complementary', { name: 'What is here' }).getByRole('link', { name: `bus-${mark}`, exact: true }).first().waitFor();
  await run.shot('map-opened');
}

/** Waits until no name on the map lies over another one; those that go fade away first. */
async function apart(page) {
  await page.waitForFunction(() => {
    const boxes = [...document.querySelectorAll('.tp-name')].map((name) => name.getBoundingClientRect());
    const over = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
    return boxes.length > 1 && !boxes.some((box, i) => boxes.slice(i + 1).some((other) => over(box, other)));
  });
}

/** The graph of a topology, and the same over the map. */
async function geographic(run) {
  const { page, go, mark } = run;
  const masts = [];
  for (const [n, [name, lng, lat]] of [['town-hall', 13.2359, 46.0633], ['castle', 13.2372, 46.0646], ['station', 13.2421, 46.0556], ['hospital', 13.2236, 46.0806], ['stadium', 13.2001, 46.0815]].entries()) {
    const device = await deviceOf(run, name, 3 + n);
    const place = await locationOf(run, name, { geometry: point(lng, lat) });
    await put(run, device, { location: place.id });
    masts.push({ id: `${device.mac_address}@36`, label: device.name, local_addresses: [`10.9.0.${n + 1}`] });
  }
  const roof = { id: 'a-roof-that-is-no-device', label: 'a roof that is no device' };
  const link = (from, to, cost) => ({ source: masts[from].id, target: masts[to].id, cost, cost_text: '', properties: {} });
  const graph = (links) => JSON.stringify({ type: 'NetworkGraph', protocol: 'OLSR', version: '0.8', metric: 'ETX', nodes: [...masts, roof], links });
  const topology = await make(run, 'network-topology/topology/', { label: `Masts ${mark}`, organization: run.organizationID, parser: 'netdiff.NetJsonParser', strategy: 'receive', key: `key${mark}`, published: true }, (id) => `network-topology/topology/${id}/`);
  const send = async (links) => {
    const answer = await fetch(`${run.base}/api/v1/network-topology/topology/${topology.id}/receive/?key=key${mark}`, { method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: graph(links) });
    assert.equal(answer.status, 200, await answer.text());
  };
  const all = [link(0, 1, 1), link(1, 2, 1.5), link(0, 3, 2), link(3, 4, 1), { source: masts[0].id, target: roof.id, cost: 1 }];
  await send(all);
  await page.setViewportSize({ width: 1440, height: 900 });
  await go(`/topologies/${topology.id}`);
  await page.getByRole('img', { name: `Graph of Masts ${mark}: 6 nodes, 5 links up, 0 down.` }).waitFor();
  assert.equal(await page.getByText('This browser cannot draw the graph').count(), 0);
  await page.waitForTimeout(1500); // the nodes find their places
  await run.shot('topology-logical');
  await page.getByRole('button', { name: 'Geographic', exact: true }).click();
  await page.getByText('1 of 6 nodes are not on the map').waitFor();
  assert.match(page.url(), /view=map/);
  const names = page.locator('.tp-name');
  await names.first().waitFor();
  // the castle stands beside the town hall: their names may give way to one another, no two lie over each other
  await apart(page);
  await run.shot('topology-map');
  await send(all.slice(1)); // what is not named goes down, and the map hears of it
  await page.getByText('6 nodes, 4 links up, 1 down').waitFor();
  await page.evaluate(() => localStorage.setItem('RaStore.theme', JSON.stringify('dark')));
  await go(`/topologies/${topology.id}?view=map`);
  await names.first().waitFor();
  await run.shot('topology-map-dark');
  await page.setViewportSize({ width: 390, height: 800 });
  await go(`/topologies/${topology.id}?view=map`);
  await names.first().waitFor();
  await apart(page);
  await noSidewaysScrolling(page, 'a topology over the map');
  await page.locator('.tp-picture').scrollIntoViewIfNeeded();
  await run.shot('topology-map-telephone-dark');
  await page.evaluate(() => localStorage.setItem('RaStore.theme', JSON.stringify('light')));
  await go(`/topologies/${topology.id}`);
  await noSidewaysScrolling(page, 'the graph of a topology');
  await page.locator('.tp-picture').scrollIntoViewIfNeeded();
  await page.waitForTimeout(1500);
  await run.shot('topology-logical-telephone');
  await page.setViewportSize({ width: 1440, height: 900 });
}

/** The steps. */
export const placeSteps = [
  ['drag a device on the plan of a floor', floorPlan],
  ['a place that moves moves on the map', moving],
  ['a topology as a graph and on the map', geographic],
  ['take the places away', gone],
];
