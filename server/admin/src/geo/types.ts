// What the API says of places.
import type { Geometry } from 'geojson';
import type { RaRecord } from 'react-admin';
import type { StatusName } from '../design/tokens';

/** A location. */
export interface Location extends RaRecord<string> {
  name: string;
  organization: string;
  type: 'indoor' | 'outdoor';
  is_mobile: boolean;
  /** Placed by the public address of a device; missing where that is not done. */
  is_estimated?: boolean;
  address: string;
  geometry: Geometry | null;
  created: string;
  modified: string;
}

/** A floor plan. */
export interface FloorPlan {
  id: string;
  name: string;
  floor: number;
  image: string;
  image_width: number;
  image_height: number;
  location: string;
  modified: string;
}

/** A device on a floor plan; lat is minus the distance from the top, in pixels. */
export interface Spot {
  id: string;
  device_id: string;
  device_name: string;
  mac_address: string;
  floorplan_id: string;
  floor: number;
  coordinates: { lat: number; lng: number } | null;
}

/** A device with how monitoring says it is. */
export interface Monitored {
  id: string;
  name: string;
  monitoring: { status: string; status_label: string };
}

/** A device on a floor plan with how it is. */
export interface MonitoredSpot extends Spot {
  monitoring: { status: string; status_label: string };
}

/** The shape of a status of monitoring. */
export function healthLook(status: string): StatusName {
  if (status === 'ok' || status === 'problem' || status === 'critical') return status;
  return status === 'deactivated' ? 'off' : 'unknown';
}

/** Where a device is. */
export interface DevicePlace {
  location: { id: string; geometry: Geometry | null; properties: { type: 'indoor' | 'outdoor'; is_mobile: boolean; is_estimated?: boolean; name: string; address: string } };
  floorplan: { id: string; name: string; floor: number; image: string } | null;
  indoor: string | null;
}

/** How a place fares, the worst first. */
export const statuses = ['critical', 'error', 'silent', 'problem', 'modified', 'ok', 'unknown', 'deactivated', 'empty'] as const;
export type PlaceStatus = (typeof statuses)[number];

/** The shape and the word of each. */
export const looks: Record<PlaceStatus, { status: StatusName; word: string }> = {
  critical: { status: 'critical', word: 'out of reach' },
  error: { status: 'critical', word: 'error' },
  silent: { status: 'problem', word: 'silent' },
  problem: { status: 'problem', word: 'problem' },
  modified: { status: 'waiting', word: 'modified' },
  ok: { status: 'ok', word: 'fine' },
  unknown: { status: 'unknown', word: 'never heard of' },
  deactivated: { status: 'off', word: 'deactivated' },
  empty: { status: 'off', word: 'no devices' },
};

/** A location on the map, or a cluster of several. */
export interface Mark {
  lng: number;
  lat: number;
  id?: string;
  name?: string;
  type?: string;
  is_mobile?: boolean;
  status: PlaceStatus;
  devices: number;
  locations: number;
  statuses?: Partial<Record<PlaceStatus, number>>;
  bounds?: [number, number, number, number];
}

/** What a part of the map shows. */
export interface MapView {
  zoom: number;
  count: number;
  statuses: Partial<Record<PlaceStatus, number>>;
  bounds: [number, number, number, number] | null;
  marks: Mark[];
  /** Something newer is being read. */
  stale?: boolean;
}

/** What maps are drawn on. */
export interface Background {
  url: string;
  attribution: string;
  geocoder: boolean;
  max_image: number;
}
