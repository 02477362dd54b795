// What the API tells of topologies.
import type { RaRecord } from 'react-admin';

/** A topology, without what belongs to it. */
export interface Topology extends RaRecord {
  id: string;
  label: string;
  organization: string | null;
  parser: string;
  parser_label: string;
  strategy: 'fetch' | 'receive';
  url: string;
  key: string;
  receive_url: string;
  expiration_time: number;
  published: boolean;
  mesh_id: string;
  protocol: string;
  version: string;
  revision: string;
  metric: string;
  nodes: number;
  links_up: number;
  links_down: number;
  updated: string | null;
  problem: string;
  created: string;
  modified: string;
}

/** A node of a topology. */
export interface TopologyNode extends RaRecord {
  id: string;
  topology: string;
  organization: string | null;
  label: string;
  addresses: unknown[];
  properties: Record<string, unknown>;
  user_properties: Record<string, unknown>;
  display_name: string;
  network_label: string;
  netjson_id: string;
  device: string | null;
  seen: string | null;
  created: string;
  modified: string;
}

/** A link of a topology. */
export interface TopologyLink extends RaRecord {
  id: string;
  topology: string;
  organization: string | null;
  status: 'up' | 'down';
  source: string;
  target: string;
  source_name: string;
  target_name: string;
  cost: number;
  cost_text: string;
  properties: Record<string, unknown>;
  user_properties: Record<string, unknown>;
  status_changed: string;
  created: string;
  modified: string;
}

/** A node of a picture. */
export interface PlotNode {
  id: string;
  /** Its id in NetJSON. */
  key: string;
  label: string;
  device: string | null;
  /** Longitude and latitude of the device, where they are asked for and known. */
  place?: [number, number];
}

/** A link of a picture. */
export interface PlotLink {
  id: string;
  source: string;
  target: string;
  status: string;
  cost: number;
  text: string;
  since: string;
}

/** A topology for a picture, with its single points of failure. */
export interface Plot {
  id: string;
  label: string;
  updated: string | null;
  nodes: PlotNode[];
  links: PlotLink[];
  weak: { nodes: string[]; links: string[]; parts: number; alone: number };
}

/** The cheapest way between two nodes. */
export interface Path {
  cost: number;
  nodes: PlotNode[];
  links: PlotLink[];
}

/** A day that history knows. */
export interface Day {
  date: string;
  nodes: number;
  links_up: number;
  links_down: number;
}

/** A topology as it was: a NetworkGraph. */
export interface Snapshot {
  nodes: { id: string | number; label?: string }[];
  links: { source: string | number; target: string | number; cost: number; properties: { status?: string } }[];
}

/** What changed from a day on. */
export interface Difference {
  nodes: { kind: 'added' | 'removed' | 'renamed'; id: string; label: string; before: string }[];
  links: { kind: 'added' | 'removed' | 'up' | 'down' | 'cost'; source: string; target: string; cost: number; before: number; status: string }[];
}

/** What became of a link. */
export interface LinkHistory {
  from: string;
  to: string;
  spans: { from: string; to: string; status: 'up' | 'down' }[];
  costs: { at: string; cost: number }[];
  flaps: number;
  up: number;
  truncated: boolean;
}

/** What a fetch changed. */
export interface Update {
  nodes_added: number;
  nodes_changed: number;
  links_added: number;
  links_changed: number;
  links_up: number;
  links_down: number;
  refused: number;
  faults: string[];
}
