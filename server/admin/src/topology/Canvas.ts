// A drawing on the screen, by WebGL: nothing of React, so that the public page has it too.
import Graph from 'graphology';
import Sigma from 'sigma';
import { Labels } from './labels';
import type { Drawing, Look } from './plot';
import { placesOf } from './plot';

/** The colours of the looks, and of the text. */
export type Colours = Record<Look | 'text' | 'faint' | 'ring', string>;

/** The colours of the theme as they are now. */
export function coloursOf(element: HTMLElement): Colours {
  const style = getComputedStyle(element);
  const of = (name: string) => style.getPropertyValue(`--w-${name}`).trim();
  return {
    plain: of('textMuted'), device: of('accent'), weak: of('problem-dot'), up: of('ok-dot'), down: of('critical-dot'), added: of('accent'),
    removed: of('unknown-dot'), changed: of('waiting-dot'), text: of('text'), faint: of('border'), ring: of('surface'),
  };
}

/** What is chosen on it. */
export interface Chosen {
  kind: 'node' | 'link';
  id: string;
}

interface Events {
  onChoose(chosen: Chosen | undefined): void;
  onHover(chosen: Chosen | undefined): void;
}

/** How many rounds the layout takes: few where it is redone for a few new nodes. */
function roundsOf(nodes: number, fresh: number): number {
  if (fresh === 0) return 0;
  if (fresh < nodes / 10) return 40;
  return nodes > 2000 ? 160 : 300;
}

/** A picture in an element. It throws where there is no WebGL. */
export class Canvas {
  private graph = new Graph({ type: 'undirected', multi: true });
  private renderer: Sigma;
  private worker: Worker | undefined;
  private places = new Map<string, { x: number; y: number }>();
  private marked: Set<string> | undefined;
  private labels = new Labels();

  constructor(element: HTMLElement, private colours: Colours, private makeWorker: () => Worker, events: Events) {
    this.renderer = new Sigma(this.graph, element, {
      allowInvalidContainer: true,
      enableEdgeEvents: true,
      labelColor: { color: colours.text },
      labelFont: getComputedStyle(element).fontFamily,
      labelSize: 12,
      labelRenderedSizeThreshold: 5,
      zIndex: true,
      hideEdgesOnMove: false,
      defaultDrawNodeHover: () => undefined,
      defaultDrawNodeLabel: (context, data, { labelSize, labelFont, labelWeight }) => {
        if (!data.label) return;
        context.font = `${labelWeight} ${labelSize}px ${labelFont}`;
        const within = this.renderer.getDimensions().width;
        const at = this.labels.beside({ x: data.x, y: data.y, radius: data.size, width: context.measureText(data.label).width, height: labelSize + 3, within });
        if (at === undefined) return;
        context.fillStyle = this.colours.text;
        context.fillText(data.label, at, data.y + labelSize / 3);
      },
      nodeReducer: (id, data) => {
        if (!this.marked || this.marked.has(id)) return this.marked ? { ...data, zIndex: 2, forceLabel: true } : data;
        return { ...data, color: this.colours.faint, label: '', zIndex: 0 };
      },
      edgeReducer: (id, data) => {
        if (!this.marked) return data;
        if (this.marked.has(id)) return { ...data, size: 4, zIndex: 2 };
        return { ...data, color: this.colours.faint, zIndex: 0 };
      },
    });
    this.renderer.on('beforeRender', () => this.labels.begin());
    this.renderer.on('clickNode', ({ node }) => events.onChoose({ kind: 'node', id: node }));
    this.renderer.on('clickEdge', ({ edge }) => events.onChoose({ kind: 'link', id: edge }));
    this.renderer.on('clickStage', () => events.onChoose(undefined));
    this.renderer.on('enterNode', ({ node }) => events.onHover({ kind: 'node', id: node }));
    this.renderer.on('leaveNode', () => events.onHover(undefined));
    this.renderer.on('enterEdge', ({ edge }) => events.onHover({ kind: 'link', id: edge }));
    this.renderer.on('leaveEdge', () => events.onHover(undefined));
  }

  /** Shows a drawing; nodes that were there stay where they were. */
  draw(drawing: Drawing) {
    const fresh = drawing.nodes.filter(({ id }) => !this.places.has(id)).length;
    const places = placesOf(drawing, this.places);
    const graph = new Graph({ type: 'undirected', multi: true });
    const scale = drawing.nodes.length > 2000 ? 0.4 : drawing.nodes.length > 500 ? 0.65 : 1; // many must not become one
    for (const { id, label, look, size } of drawing.nodes) graph.addNode(id, { ...places.get(id), label, size: size * scale, color: this.colours[look], look });
    for (const { id, source, target, look, wide } of drawing.links) {
      if (graph.hasNode(source) && graph.hasNode(target)) graph.addEdgeWithKey(id, source, target, { color: this.colours[look], size: wide ? 3 : 1.2, look });
    }
    this.graph = graph;
    // names keep clear of each other by themselves, so that few nodes have theirs however small they are
    const few = drawing.nodes.length <= 200;
    this.renderer.setSetting('labelRenderedSizeThreshold', few ? 0 : 5);
    this.renderer.setSetting('labelDensity', few ? 10 : 1);
    this.renderer.setGraph(graph);
    for (const [id, place] of places) this.places.set(id, place);
    this.layout(drawing, places, roundsOf(drawing.nodes.length, fresh));
  }

  private layout(drawing: Drawing, places: Map<string, { x: number; y: number }>, rounds: number) {
    this.worker?.terminate();
    this.worker = undefined;
    if (rounds === 0 || drawing.nodes.length < 2) return;
    const worker = this.makeWorker();
    this.worker = worker;
    worker.onmessage = ({ data }: MessageEvent<{ places: Float32Array; done: boolean }>) => {
      if (this.worker !== worker) return;
      drawing.nodes.forEach(({ id }, index) => {
        const place = { x: data.places[2 * index], y: data.places[2 * index + 1] };
        this.places.set(id, place);
      });
      this.graph.updateEachNodeAttributes((id, attributes) => Object.assign(attributes, this.places.get(id)), { attributes: ['x', 'y'] });
      if (data.done) {
        worker.terminate();
        this.worker = undefined;
      }
    };
    worker.postMessage({ nodes: drawing.nodes.map(({ id }) => ({ id, ...places.get(id) })), links: drawing.links.map(({ source, target }) => ({ source, target })), rounds });
  }

  /** Lets some nodes and links stand out; undefined ends it. */
  mark(ids: Set<string> | undefined) {
    this.marked = ids;
    this.renderer.refresh();
  }

  /** Brings a node into the middle. */
  goTo(id: string) {
    const place = this.renderer.getNodeDisplayData(id);
    if (place) void this.renderer.getCamera().animate({ x: place.x, y: place.y, ratio: 0.3 }, { duration: 400 });
  }

  zoom(by: number) {
    const camera = this.renderer.getCamera();
    void camera.animate({ ratio: camera.ratio / by }, { duration: 200 });
  }

  whole() {
    void this.renderer.getCamera().animatedReset({ duration: 300 });
  }

  /** Takes the colours of another theme. */
  paint(colours: Colours) {
    if (JSON.stringify(colours) === JSON.stringify(this.colours)) return;
    this.colours = colours;
    this.renderer.setSetting('labelColor', { color: colours.text });
    this.graph.updateEachNodeAttributes((_, data) => ({ ...data, color: colours[data.look as Look] }));
    this.graph.updateEachEdgeAttributes((_, data) => ({ ...data, color: colours[data.look as Look] }));
  }

  end() {
    this.worker?.terminate();
    this.renderer.kill();
  }
}
