// The public page of a topology, and the list of those that have one. It has nothing of the admin but its colours.
import { type Scheme, tokens, variablesOf } from '../design/tokens';
import { Canvas, type Chosen, coloursOf } from './Canvas';
import { drawNow } from './plot';
import type { Plot } from './types';
import './public.css';

const api = '/api/v1/network-topology/topology/';
const page = document.getElementById('page') as HTMLElement;
const dark = window.matchMedia('(prefers-color-scheme: dark)');

function element<K extends keyof HTMLElementTagNameMap>(name: K, attributes: Record<string, string> = {}, ...children: (Node | string)[]): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function paintPage() {
  const scheme: Scheme = dark.matches ? 'dark' : 'light';
  document.documentElement.style.colorScheme = scheme;
  for (const [name, value] of Object.entries(variablesOf(tokens[scheme]))) document.documentElement.style.setProperty(name, value);
}

async function read<T>(path: string): Promise<T> {
  const answer = await fetch(path, { credentials: 'same-origin', headers: { Accept: 'application/json' } });
  const body = (await answer.json().catch(() => ({}))) as T & { detail?: string };
  if (!answer.ok) throw new Error(body.detail ?? `The server answered ${answer.status}.`);
  return body;
}

function failed(error: unknown) {
  page.replaceChildren(element('h1', {}, 'This cannot be shown'), element('p', { role: 'alert' }, error instanceof Error ? error.message : String(error)));
}

async function list() {
  const { collection } = await read<{ collection: { id: string; label: string; nodes: unknown[]; links: unknown[] }[] }>(api);
  document.title = 'Network topologies';
  page.replaceChildren(element('h1', {}, 'Network topologies'));
  if (collection.length === 0) page.append(element('p', {}, 'None is published.'));
  else page.append(element('ul', { class: 'list' }, ...collection.map(({ id, label, nodes, links }) => element('li', {}, element('a', { href: `/topology/topology/${encodeURIComponent(id)}/` }, label), ` ${nodes.length} nodes, ${links.length} links`))));
}

async function one(id: string) {
  const address = `${api}${encodeURIComponent(id)}/plot/`;
  let plot = await read<Plot>(address);
  document.title = plot.label;
  const facts = element('p', { class: 'facts', role: 'status' });
  const said = element('p', { class: 'said', 'aria-live': 'polite' });
  const picture = element('div', { class: 'canvas', role: 'img' });
  const legend = element('ul', { class: 'legend' }, ...[['up', 'up'], ['down', 'down']].map(([look, text]) => element('li', {}, element('i', { 'data-look': look }), text)));
  page.replaceChildren(element('header', {}, element('h1', {}, plot.label), facts, element('a', { href: '/topology/' }, 'All topologies')), element('div', { class: 'picture' }, picture, said), legend);
  let drawing = drawNow(plot, false);
  const tell = (at: Chosen | undefined) => {
    const node = at?.kind === 'node' ? drawing.nodes.find((other) => other.id === at.id)?.label : undefined;
    const link = at?.kind === 'link' ? drawing.links.find((other) => other.id === at.id)?.title : undefined;
    said.textContent = node ?? link ?? '';
  };
  let canvas: Canvas | undefined;
  try {
    canvas = new Canvas(picture, coloursOf(picture), () => new Worker(new URL('./layout.worker.ts', import.meta.url), { type: 'module' }), { onChoose: tell, onHover: tell });
  } catch {
    picture.replaceWith(element('p', {}, 'This browser cannot draw the graph: it has no WebGL.'));
  }
  const draw = () => {
    drawing = drawNow(plot, false);
    const up = plot.links.filter(({ status }) => status === 'up').length;
    facts.textContent = `${plot.nodes.length.toLocaleString()} nodes, ${up.toLocaleString()} links up, ${(plot.links.length - up).toLocaleString()} down`;
    picture.setAttribute('aria-label', `Graph of ${plot.label}: ${facts.textContent}`);
    canvas?.draw(drawing);
  };
  draw();
  dark.addEventListener('change', () => canvas?.paint(coloursOf(picture)));
  const refresh = async () => {
    plot = await read<Plot>(address);
    draw();
  };
  follow(id, () => void refresh().catch(() => undefined)); // what is shown stays until the server answers again
}

/** Follows what happens to a topology; a connection that breaks is made again. */
function follow(id: string, onChange: () => void, failures = 0) {
  const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws/network-topology/topology/${encodeURIComponent(id)}/`);
  let opened = false;
  socket.onopen = () => {
    opened = true;
    if (failures > 0) onChange();
  };
  socket.onmessage = onChange;
  socket.onclose = () => setTimeout(() => follow(id, onChange, opened ? 1 : failures + 1), Math.min(60_000, 1000 * 2 ** failures) * (0.5 + Math.random() / 2));
}

paintPage();
dark.addEventListener('change', paintPage);
const id = location.pathname.match(/^\/topology\/topology\/([^/]+)\/?$/)?.[1];
(id ? one(decodeURIComponent(id)) : list()).catch(failed);
