// Finds places for the nodes of a graph beside the page, so that the page stays fluent.
import Graph from 'graphology';
import forceAtlas2 from 'graphology-layout-forceatlas2';

interface Order {
  nodes: { id: string; x: number; y: number }[];
  links: { source: string; target: string }[];
  rounds: number;
}

addEventListener('message', ({ data }: MessageEvent<Order>) => {
  const graph = new Graph({ type: 'undirected', multi: true });
  for (const { id, x, y } of data.nodes) graph.addNode(id, { x, y });
  for (const { source, target } of data.links) if (source !== target) graph.addEdge(source, target);
  const settings = { ...forceAtlas2.inferSettings(graph), barnesHutOptimize: graph.order > 300, adjustSizes: false, gravity: 0.8, slowDown: 1 + Math.log(graph.order + 1) };
  const step = Math.max(5, Math.round(data.rounds / 20));
  for (let done = 0; done < data.rounds; done += step) {
    forceAtlas2.assign(graph, { iterations: step, settings });
    const places = new Float32Array(graph.order * 2);
    let at = 0;
    graph.forEachNode((_, { x, y }) => {
      places[at++] = x;
      places[at++] = y;
    });
    postMessage({ places, done: done + step >= data.rounds }, { transfer: [places.buffer] });
  }
});
