// What can be done with topologies beyond reading and writing the resources.
import type { DataProvider, Identifier } from 'react-admin';
import type { Request } from '../api/client';
import type { Day, Difference, LinkHistory, Path, Plot, Snapshot, Update } from './types';

const topology = (id: Identifier) => `network-topology/topology/${encodeURIComponent(String(id))}/`;

/** The operations of topologies. */
export interface TopologyOperations {
  /** The picture; with places also where the devices are. */
  plot(id: Identifier, options?: { places?: boolean; signal?: AbortSignal }): Promise<Plot>;
  path(id: Identifier, source: string, target: string): Promise<Path>;
  days(id: Identifier): Promise<Day[]>;
  day(id: Identifier, date: string): Promise<Snapshot>;
  difference(id: Identifier, from: string): Promise<Difference>;
  fetchNow(id: Identifier): Promise<Update>;
  linkHistory(id: Identifier, from: string, to: string): Promise<LinkHistory>;
}

/** The data provider as the pages of topologies use it. */
export type TopologyProvider = DataProvider & TopologyOperations;

/** The operations over a client. */
export function topologyOperations(request: Request): TopologyOperations {
  return {
    plot: (id, { places, signal } = {}) => request<Plot>('GET', `${topology(id)}plot/`, { query: { include_unpublished: 'true', ...(places && { places: 'true' }) }, signal }),
    path: (id, source, target) => request<Path>('GET', `${topology(id)}path/`, { query: { source, target, include_unpublished: 'true' } }),
    days: (id) => request<Day[]>('GET', `${topology(id)}days/`, { query: { include_unpublished: 'true' } }),
    day: (id, date) => request<Snapshot>('GET', `${topology(id)}history/`, { query: { date } }),
    difference: (id, from) => request<Difference>('GET', `${topology(id)}difference/`, { query: { from, include_unpublished: 'true' } }),
    fetchNow: (id) => request<Update>('POST', `${topology(id)}update/`),
    linkHistory: (id, from, to) => request<LinkHistory>('GET', `network-topology/link/${encodeURIComponent(String(id))}/history/`, { query: { from, to } }),
  };
}
