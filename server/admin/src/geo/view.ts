// What a map shows is in its address: a link leads to the same place, with the same filters.
import { statuses, type PlaceStatus } from './types';

/** What the address of a map says. */
export interface MapAddress {
  lat?: number;
  lng?: number;
  zoom?: number;
  /** Filters as the API takes them. */
  filters: Record<string, string>;
  /** The location that is open. */
  open?: string;
  /** The floor that is shown of it. */
  floor?: number;
}

const filterNames = ['organization', 'status', 'group', 'type', 'search'];

const uuid = /^[0-9a-f-]{36}$/i;

/**
 * Reads an address: the query is ours, the fragment OpenWISP's, whose links keep working:
 * #id=dashboard-geo-map&nodeId=<location>, after a semicolon id=<location>_<floor>.
 */
export function readAddress(search: string, hash: string): MapAddress {
  const query = new URLSearchParams(search);
  const number = (name: string, least: number, most: number) => {
    const text = query.get(name);
    const value = text === null || text === '' ? Number.NaN : Number(text);
    return Number.isFinite(value) && value >= least && value <= most ? value : undefined;
  };
  const filters: Record<string, string> = {};
  for (const name of filterNames) {
    const value = query.get(name);
    if (value) filters[name] = value;
  }
  if (filters.status) {
    const known = filters.status.split(',').filter((word): word is PlaceStatus => (statuses as readonly string[]).includes(word));
    if (known.length > 0) filters.status = known.join(',');
    else delete filters.status;
  }
  const address: MapAddress = { lat: number('lat', -90, 90), lng: number('lng', -1e6, 1e6), zoom: number('zoom', 0, 22), filters };
  const open = query.get('open');
  if (open && uuid.test(open)) {
    address.open = open;
    const floor = number('floor', -1000, 1000);
    if (floor !== undefined && Number.isInteger(floor)) address.floor = floor;
  }
  for (const part of hash.replace(/^#/, '').split(';')) {
    const fields = new URLSearchParams(part);
    const id = fields.get('id') ?? '';
    const indoor = /^([0-9a-f-]{36})_(-?\d+)$/i.exec(id);
    if (indoor) {
      address.open = indoor[1];
      address.floor = Number(indoor[2]);
    } else if (id === 'dashboard-geo-map' && uuid.test(fields.get('nodeId') ?? '')) {
      address.open = fields.get('nodeId') ?? undefined;
    }
  }
  return address;
}

/** The query that says what a map shows. */
export function writeAddress({ lat, lng, zoom, filters, open, floor }: MapAddress): string {
  const query = new URLSearchParams();
  if (lat !== undefined && lng !== undefined && zoom !== undefined) {
    query.set('lat', String(Math.round(lat * 1e5) / 1e5));
    query.set('lng', String(Math.round(wrapped(lng) * 1e5) / 1e5));
    query.set('zoom', String(zoom));
  }
  for (const name of filterNames) if (filters[name]) query.set(name, filters[name]);
  if (open) query.set('open', open);
  if (open && floor !== undefined) query.set('floor', String(floor));
  return query.toString();
}

/** A longitude between -180 and 180, of a map that was scrolled round the earth. */
export function wrapped(lng: number): number {
  if (lng >= -180 && lng <= 180) return lng;
  return ((((lng + 180) % 360) + 360) % 360) - 180;
}

/** The copy of a longitude that is nearest to the middle of a map. */
export function nearest(lng: number, middle: number): number {
  return lng + 360 * Math.round((middle - lng) / 360);
}
