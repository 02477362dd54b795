// What can be done with places beyond reading and writing the resources.
import type { DataProvider, Identifier } from 'react-admin';
import type { Request } from '../api/client';
import { APIError } from '../api/errors';
import { sendForm, sentence } from '../api/form';
import type { ListAnswer } from '../api/types';
import type { Background, DevicePlace, FloorPlan, Location, MapView, Monitored, MonitoredSpot, Spot } from './types';

/** The operations of places. */
export interface GeoOperations {
  background(): Promise<Background>;
  mapView(query: Record<string, unknown>, signal?: AbortSignal): Promise<MapView>;
  locationsIn(bbox: string): Promise<ListAnswer<Location>>;
  /** The devices at a location: id and name. */
  devicesAt(id: Identifier): Promise<ListAnswer<{ id: string; name: string }>>;
  /** The same with how they are, some of them by a part of the name or MAC address, or by status. */
  monitoredAt(id: Identifier, query: { search?: string; status?: string }): Promise<ListAnswer<Monitored> & { has_floorplan: boolean }>;
  floorPlans(location: Identifier): Promise<FloorPlan[]>;
  addFloorPlan(location: Identifier, floor: number, image: File): Promise<FloorPlan>;
  changeFloorPlan(id: Identifier, change: { floor?: number; image?: File }): Promise<FloorPlan>;
  removeFloorPlan(id: Identifier): Promise<unknown>;
  /** The devices on a floor. */
  spots(location: Identifier, floor: number): Promise<Spot[]>;
  /** The same with how they are. */
  monitoredSpots(location: Identifier, floor: number): Promise<MonitoredSpot[]>;
  place(device: Identifier): Promise<DevicePlace | null>;
  putPlace(device: Identifier, body: Record<string, unknown>): Promise<DevicePlace>;
  changePlace(device: Identifier, body: Record<string, unknown>): Promise<DevicePlace>;
  removePlace(device: Identifier): Promise<unknown>;
  /** The position of an address; null when nobody knows it. */
  geocode(address: string): Promise<{ lat: number; lng: number } | null>;
}

/** The data provider as the pages of places use it. */
export type GeoProvider = DataProvider & GeoOperations;

const enc = (id: Identifier) => encodeURIComponent(String(id));

/** The operations over a client. */
export function geoOperations(request: Request): GeoOperations {
  const placeOf = (device: Identifier) => `controller/device/${enc(device)}/location/`;
  return {
    background: () => request<Background>('GET', 'controller/location/map/background/'),
    mapView: (query, signal) => request<MapView>('GET', 'controller/location/map/', { query, signal }),
    locationsIn: (bbox) => request('GET', 'controller/location/', { query: { bbox, page_size: 50, ordering: 'name' } }),
    devicesAt: (id) => request('GET', `controller/location/${enc(id)}/device/`, { query: { page_size: 100 } }),
    monitoredAt: (id, query) => request('GET', `monitoring/location/${enc(id)}/device/`, { query: { ...query, page_size: 100 } }),
    async monitoredSpots(location, floor) {
      return (await request<ListAnswer<MonitoredSpot>>('GET', `monitoring/location/${enc(location)}/indoor-coordinates/`, { query: { floor, page_size: 100 } })).results;
    },
    async floorPlans(location) {
      return (await request<ListAnswer<FloorPlan>>('GET', 'controller/floorplan/', { query: { location, ordering: 'floor', page_size: 100 } })).results;
    },
    addFloorPlan: (location, floor, image) => sendForm('POST', 'controller/floorplan/', { location: String(location), floor, image }),
    changeFloorPlan: (id, change) => sendForm('PATCH', `controller/floorplan/${enc(id)}/`, change),
    removeFloorPlan: (id) => request('DELETE', `controller/floorplan/${enc(id)}/`),
    async spots(location, floor) {
      return (await request<ListAnswer<Spot>>('GET', `controller/location/${enc(location)}/indoor-coordinates/`, { query: { floor, page_size: 100 } })).results;
    },
    async place(device) {
      try {
        return await request<DevicePlace>('GET', placeOf(device));
      } catch (error) {
        if (error instanceof APIError && error.status === 404) return null;
        throw error;
      }
    },
    putPlace: (device, body) => request('PUT', placeOf(device), { body }),
    changePlace: (device, body) => request('PATCH', placeOf(device), { body }),
    removePlace: (device) => request('DELETE', placeOf(device)),
    async geocode(address) {
      const answer = await fetch(`/admin/geo/location/geocode/?address=${encodeURIComponent(address)}`, { credentials: 'same-origin', headers: { Accept: 'application/json' } });
      if (answer.status === 404) return null;
      const body = await answer.json().catch(() => undefined);
      if (!answer.ok) throw new APIError(sentence(body), answer.status);
      return body as { lat: number; lng: number };
    },
  };
}
