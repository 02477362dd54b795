// A map: tiles where the server names some, and below them the outlines of the world that come with the program, so
// that there is always a map.
import L from 'leaflet';
import 'leaflet/dist/leaflet.css';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { useDataProvider } from 'react-admin';
import { useText } from '../design/useText';
import type { GeoProvider } from './operations';
import type { Background } from './types';
import { wrapped } from './view';
import './geo.css';

/** What maps are drawn on. */
export function useBackground(): Background | undefined {
  const provider = useDataProvider<GeoProvider>();
  return useQuery({ queryKey: ['locations', 'background'], queryFn: () => provider.background(), staleTime: 600_000 }).data;
}

/** The outlines of the countries (Natural Earth, public domain), read once. */
async function outlines() {
  const [{ feature }, { default: atlas }] = await Promise.all([import('topojson-client'), import('world-atlas/countries-110m.json')]);
  const topology = atlas as unknown as Parameters<typeof feature>[0];
  const world = feature(topology, topology.objects.countries);
  if (world.type === 'FeatureCollection') for (const { geometry } of world.features) if ('coordinates' in geometry) unwrap(geometry.coordinates);
  return world;
}

/** Lets rings that cross the date line go on beyond it, instead of back across the whole map. */
function unwrap(part: unknown): void {
  if (!Array.isArray(part)) return;
  if (!Array.isArray(part[0]?.[0])) {
    const ring = part as [number, number][];
    for (let i = 1; i < ring.length; i++) {
      const [before, here] = [ring[i - 1]?.[0] ?? 0, ring[i]];
      if (here) here[0] += 360 * Math.round((before - here[0]) / 360);
    }
    return;
  }
  part.forEach(unwrap);
}

/**
 * Where the outlines are too coarse to show anything, lines of latitude and longitude say where a map is: they lie
 * below the tiles, and are all there is on a machine that has none.
 */
class Grid extends L.GridLayer {
  override createTile({ x, y, z }: L.Coords) {
    const tile = document.createElement('div');
    tile.className = 'w-map-grid';
    const count = 2 ** z;
    const lng = wrapped((x / count) * 360 - 180);
    const lat = (Math.atan(Math.sinh(Math.PI * (1 - (2 * y) / count))) * 180) / Math.PI;
    const digits = Math.max(1, Math.min(5, Math.ceil(z / 3) - 1));
    tile.textContent = `${Math.abs(lat).toFixed(digits)}° ${lat < 0 ? 'S' : 'N'}  ${Math.abs(lng).toFixed(digits)}° ${lng < 0 ? 'W' : 'E'}`;
    return tile;
  }
}

interface LeafletMapProps {
  label: string;
  center: [number, number];
  zoom: number;
  /** Is given the map once; what it returns ends it. */
  onReady(map: L.Map): (() => void) | undefined;
  className?: string;
}

/** The map. Its props are those of its beginning. */
export function LeafletMap({ label, center, zoom, onReady, className }: LeafletMapProps) {
  const say = useText();
  const at = useRef<HTMLDivElement>(null);
  const made = useRef<L.Map>(undefined);
  const background = useBackground();
  const begin = useRef({ center, zoom, onReady });
  useEffect(() => {
    if (!at.current) return undefined;
    const { center: middle, zoom: close, onReady: ready } = begin.current;
    const map = L.map(at.current, { center: middle, zoom: close, minZoom: 1, maxZoom: 19, zoomControl: false, worldCopyJump: true, attributionControl: true });
    map.attributionControl.setPrefix(false);
    L.control.zoom({ position: 'topright' }).addTo(map);
    L.control.scale({ position: 'bottomleft' }).addTo(map);
    map.createPane('world').style.zIndex = '150'; // below the tiles
    map.createPane('grid').style.zIndex = '160'; // above the land
    new Grid({ pane: 'grid', minZoom: 6 }).addTo(map);
    let ended = false;
    void outlines().then((world) => {
      if (ended) return;
      for (const turn of [-360, 0, 360]) {
        L.geoJSON(world, {
          pane: 'world',
          interactive: false,
          coordsToLatLng: ([lng, lat]) => L.latLng(lat, lng + turn),
          style: { className: 'w-map-land', weight: 1 },
        }).addTo(map);
      }
    });
    made.current = map;
    const end = ready(map);
    const element = at.current;
    const dress = () => element.setAttribute('data-scheme', getComputedStyle(document.documentElement).colorScheme);
    dress();
    const theme = new MutationObserver(dress);
    theme.observe(document.head, { childList: true, subtree: true });
    const resized = new ResizeObserver(() => map.invalidateSize());
    resized.observe(element);
    return () => {
      ended = true;
      resized.disconnect();
      theme.disconnect();
      end?.();
      map.remove();
      made.current = undefined;
    };
  }, []);
  useEffect(() => {
    if (!made.current || !background?.url) return undefined;
    const tiles = L.tileLayer(background.url, { maxZoom: 19, referrerPolicy: 'strict-origin-when-cross-origin', attribution: escaped(background.attribution) }).addTo(made.current);
    return () => void tiles.remove();
  }, [background]);
  return <div ref={at} className={`w-map ${className ?? ''}`} role="application" aria-label={say(label)} />;
}

/** A text as it may stand in HTML. */
function escaped(text: string): string {
  const at = document.createElement('span');
  at.textContent = text;
  return at.innerHTML;
}
