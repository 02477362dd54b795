// Where everything is: places and clusters made by the server for what is in sight, coloured by how they fare; a
// filter, a search, a link that keeps its place. What moves, moves.
import { Chip, InputAdornment, MenuItem, TextField } from '@mui/material';
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import L from 'leaflet';
import { Search, X } from 'lucide-react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useDataProvider, useGetList, useGetOne } from 'react-admin';
import { Link, useLocation, useNavigate } from 'react-router-dom';
import { PageHead } from '../design/PageHead';
import { StatusShape } from '../design/Status';
import { useText } from '../design/useText';
import { useChanges } from '../live/useLive';
import { openLink } from '../live/socket';
import { useManagedOrganizations } from '../tenancy/managed';
import { Indoor } from './Indoor';
import { LeafletMap } from './LeafletMap';
import type { GeoProvider } from './operations';
import { healthLook, looks, type Location, type Mark, statuses } from './types';
import { type MapAddress, nearest, readAddress, writeAddress } from './view';

/** A mark on the map: a circle for a place, a number for a cluster. */
function layerOf(mark: Mark, middle: number, onOpen: (mark: Mark) => void): L.Layer {
  const at = L.latLng(mark.lat, nearest(mark.lng, middle));
  if (mark.id) {
    const circle = L.circleMarker(at, { radius: 7, weight: 2, className: `w-map-dot w-map-${looks[mark.status].status}` });
    circle.bindTooltip(`${mark.name} · ${looks[mark.status].word}`.replace(/[<&]/g, (c) => (c === '<' ? '&lt;' : '&amp;')), { direction: 'top', offset: [0, -6] });
    return circle.on('click', () => onOpen(mark));
  }
  const size = 28 + Math.min(22, Math.round(Math.log10(mark.locations) * 9));
  const icon = L.divIcon({ className: `w-map-cluster w-map-${looks[mark.status].status}`, html: `<span>${mark.locations.toLocaleString('en')}</span>`, iconSize: [size, size] });
  return L.marker(at, { icon, keyboard: true, title: `${mark.locations} locations`, alt: `${mark.locations} locations` }).on('click', () => onOpen(mark));
}

/** What is open beside the map: a location with its devices, or the locations of a place. */
function Panel({ open, onClose, onInside }: { open: { id?: string; bbox?: string }; onClose(): void; onInside(): void }) {
  const say = useText();
  const provider = useDataProvider<GeoProvider>();
  const [typed, setTyped] = useState('');
  const { data: location } = useGetOne<Location>('locations', { id: open.id ?? '' }, { enabled: !!open.id });
  const sought = typed.trim();
  const devices = useQuery({
    queryKey: ['locations', 'monitored', open.id, sought],
    queryFn: () => provider.monitoredAt(open.id ?? '', sought ? { search: sought } : {}),
    enabled: !!open.id,
    placeholderData: keepPreviousData,
  });
  const many = useQuery({ queryKey: ['locations', 'in', open.bbox], queryFn: () => provider.locationsIn(open.bbox ?? ''), enabled: !!open.bbox });
  return (
    <aside className="w-map-panel" aria-label={say('What is here')}>
      <button type="button" className="w-link w-map-close" onClick={onClose} aria-label={say('Close')}>
        <X size={16} />
      </button>
      {location && (
        <>
          <h2>
            <Link to={`/locations/${location.id}`}>{location.name}</Link>
          </h2>
          <p className="w-secondary">{[location.address, location.type, location.is_mobile ? 'mobile' : ''].filter(Boolean).join(' · ')}</p>
          {devices.data?.has_floorplan && (
            <p>
              <button type="button" className="w-link" onClick={onInside}>
                {say('Floor plans')}
              </button>
            </p>
          )}
          {(sought || (devices.data?.count ?? 0) > 8) && (
            <TextField size="small" fullWidth sx={{ marginTop: '8px' }} value={typed} onChange={({ target }) => setTyped(target.value)} placeholder={say('Name or MAC address')} slotProps={{ htmlInput: { 'aria-label': say('Find devices here') } }} />
          )}
          <ul>
            {devices.data?.results.map(({ id, name, monitoring }) => (
              <li key={id} title={monitoring.status_label}>
                <StatusShape status={healthLook(monitoring.status)} /> <Link to={`/devices/${id}`}>{name}</Link>
              </li>
            ))}
          </ul>
          {devices.data && devices.data.count > devices.data.results.length && (
            <p>
              <Link to={`/devices?filter=${encodeURIComponent(JSON.stringify({ location: location.id }))}`}>{say('All %{count}', { count: devices.data.count })}</Link>
            </p>
          )}
          {devices.data?.count === 0 && <p className="w-muted">{sought ? say('No such device here.') : say('No devices here.')}</p>}
        </>
      )}
      {many.data && (
        <>
          <h2>{say('%{count} locations', { count: many.data.count })}</h2>
          <ul>
            {many.data.results.map(({ id, name }) => (
              <li key={id}>
                <Link to={`/locations/${id}`}>{name}</Link>
              </li>
            ))}
          </ul>
        </>
      )}
    </aside>
  );
}

/** The groups that the map can be limited to: those of the organization, where one is chosen. */
function GroupFilter({ organization, value, onChange }: { organization?: string; value: string; onChange(value: string): void }) {
  const say = useText();
  const { data } = useGetList<{ id: string; name: string; organization: string }>('devicegroups', { pagination: { page: 1, perPage: 100 }, sort: { field: 'name', order: 'ASC' } });
  const groups = (data ?? []).filter((one) => !organization || one.organization === organization);
  if (groups.length === 0 && !value) return null;
  return (
    <TextField select size="small" sx={{ width: 200 }} value={value} onChange={({ target }) => onChange(target.value)} slotProps={{ htmlInput: { 'aria-label': say('Group') }, select: { displayEmpty: true } }}>
      <MenuItem value="">{say('All groups')}</MenuItem>
      {value && !groups.some(({ id }) => id === value) && <MenuItem value={value}>{say('One group')}</MenuItem>}
      {groups.map(({ id, name }) => (
        <MenuItem key={id} value={id}>
          {name}
        </MenuItem>
      ))}
    </TextField>
  );
}

/** The page. */
export default function MapPage() {
  const say = useText();
  const provider = useDataProvider<GeoProvider>();
  const client = useQueryClient();
  const navigate = useNavigate();
  const { search, hash } = useLocation();
  const first = useRef(readAddress(search, hash));
  const [address, setAddress] = useState<MapAddress>(first.current);
  const [box, setBox] = useState<{ bbox: string; zoom: number }>();
  const [place, setPlace] = useState<string>();
  const [typed, setTyped] = useState(first.current.filters.search ?? '');
  const map = useRef<L.Map>(undefined);
  const layers = useRef(L.layerGroup());
  const moving = useRef(new Map<string, L.CircleMarker>());
  const organizations = useManagedOrganizations();
  const { filters } = address;

  const written = writeAddress(address);
  useEffect(() => {
    if (written !== search.replace(/^\?/, '')) navigate({ search: written, hash: '' }, { replace: true });
  }, [written, search, navigate]);

  const view = useQuery({
    queryKey: ['locations', 'map', box, filters],
    queryFn: ({ signal }) => provider.mapView({ ...box, ...filters }, signal),
    enabled: !!box,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (state.data?.stale ? 2_000 : 60_000),
  });
  const stale = useCallback(() => void client.invalidateQueries({ queryKey: ['locations', 'map'] }), [client]);
  useChanges('geo.location', stale);
  useChanges('geo.devicelocation', stale);
  useChanges('config.device', stale);
  useEffect(() => {
    const link = openLink({
      path: '/ws/loci/location/',
      onFrame: (frame) => {
        const { id, geometry } = frame as { id?: string; geometry?: { type: string; coordinates: [number, number] } };
        const mark = id && moving.current.get(id);
        if (mark && map.current && geometry?.type === 'Point') mark.setLatLng([geometry.coordinates[1], nearest(geometry.coordinates[0], map.current.getCenter().lng)]);
      },
    });
    return () => link.close();
  }, []);

  const onOpen = useCallback((mark: Mark) => {
    const here = map.current;
    if (!here) return;
    if (mark.id) {
      setPlace(undefined);
      setAddress((now) => ({ ...now, open: mark.id, floor: undefined }));
      return;
    }
    const [west, south, east, north] = mark.bounds ?? [mark.lng, mark.lat, mark.lng, mark.lat];
    if (here.getZoom() >= here.getMaxZoom() || (west === east && south === north)) {
      setAddress((now) => ({ ...now, open: undefined }));
      setPlace([west - 1e-6, south - 1e-6, east + 1e-6, north + 1e-6].join(','));
      return;
    }
    const turn = nearest(mark.lng, here.getCenter().lng) - mark.lng;
    here.fitBounds([[south, west + turn], [north, east + turn]], { padding: [60, 60], maxZoom: Math.max(here.getZoom() + 2, 14) });
  }, []);

  useEffect(() => {
    if (!view.data || !map.current) return;
    const middle = map.current.getCenter().lng;
    layers.current.clearLayers();
    moving.current.clear();
    for (const mark of view.data.marks) {
      const layer = layerOf(mark, middle, onOpen);
      layers.current.addLayer(layer);
      if (mark.id && layer instanceof L.CircleMarker) moving.current.set(mark.id, layer);
    }
  }, [view.data, onOpen]);

  // a map without place in its address begins where the locations are
  const begun = useRef(first.current.lat !== undefined);
  const { data: opened } = useGetOne<Location>('locations', { id: address.open ?? '' }, { enabled: !!address.open });
  useEffect(() => {
    if (begun.current || !map.current || !view.data) return;
    if (address.open && !opened) return;
    begun.current = true;
    if (opened?.geometry) {
      const bounds = L.geoJSON(opened.geometry).getBounds();
      map.current.fitBounds(bounds, { maxZoom: 15 });
    } else if (view.data.bounds) {
      const [west, south, east, north] = view.data.bounds;
      map.current.fitBounds([[south, west], [north, east]], { padding: [40, 40], maxZoom: 13, animate: false });
    }
  }, [view.data, opened, address.open]);

  const onReady = useCallback((made: L.Map) => {
    map.current = made;
    layers.current.addTo(made);
    const moved = () => {
      const b = made.getBounds();
      const c = made.getCenter();
      setBox({ bbox: [b.getWest(), Math.max(-90, b.getSouth()), b.getEast(), Math.min(90, b.getNorth())].map((v) => v.toFixed(5)).join(','), zoom: made.getZoom() });
      if (begun.current) setAddress((now) => ({ ...now, lat: c.lat, lng: c.lng, zoom: made.getZoom() }));
    };
    made.on('moveend', moved);
    moved();
    return () => {
      map.current = undefined;
    };
  }, []);

  const chosen = useMemo(() => new Set((filters.status ?? '').split(',').filter(Boolean)), [filters.status]);
  const filter = useCallback(
    (name: string, value: string) =>
      setAddress((now) => {
        if ((now.filters[name] ?? '') === value) return now;
        const next = { ...now.filters };
        if (value) next[name] = value;
        else delete next[name];
        return { ...now, filters: next };
      }),
    [],
  );
  useEffect(() => {
    const timer = setTimeout(() => filter('search', typed.trim()), 300);
    return () => clearTimeout(timer);
  }, [typed, filter]);

  return (
    <div className="w-page w-map-page">
      <PageHead title="Map" />
      <div className="w-map-filters">
        <TextField
          size="small"
          sx={{ width: 260 }}
          value={typed}
          onChange={({ target }) => setTyped(target.value)}
          placeholder={say('Name or address')}
          slotProps={{ input: { startAdornment: <InputAdornment position="start"><Search size={16} /></InputAdornment> }, htmlInput: { 'aria-label': say('Find places') } }}
        />
        {organizations.length > 1 && (
          <TextField select size="small" sx={{ width: 200 }} value={filters.organization ?? ''} onChange={({ target }) => filter('organization', target.value)} slotProps={{ htmlInput: { 'aria-label': say('Organization') }, select: { displayEmpty: true } }}>
            <MenuItem value="">{say('All organizations')}</MenuItem>
            {organizations.map(({ id, name }) => (
              <MenuItem key={id} value={id}>
                {name}
              </MenuItem>
            ))}
          </TextField>
        )}
        <GroupFilter organization={filters.organization} value={filters.group ?? ''} onChange={(value) => filter('group', value)} />
        <TextField select size="small" sx={{ width: 200 }} value={filters.type ?? ''} onChange={({ target }) => filter('type', target.value)} slotProps={{ htmlInput: { 'aria-label': say('Type') }, select: { displayEmpty: true } }}>
          <MenuItem value="">{say('Indoor and outdoor')}</MenuItem>
          <MenuItem value="indoor">{say('Indoor')}</MenuItem>
          <MenuItem value="outdoor">{say('Outdoor')}</MenuItem>
        </TextField>
        <div className="w-map-legend" role="group" aria-label={say('Status')}>
          {statuses
            .filter((one) => chosen.has(one) || (view.data?.statuses[one] ?? 0) > 0)
            .map((one) => (
              <Chip
                key={one}
                size="small"
                variant={chosen.has(one) ? 'filled' : 'outlined'}
                aria-pressed={chosen.has(one)}
                icon={<StatusShape status={looks[one].status} />}
                label={`${looks[one].word} ${(view.data?.statuses[one] ?? 0).toLocaleString('en')}`}
                onClick={() => filter('status', statuses.filter((s) => (s === one ? !chosen.has(s) : chosen.has(s))).join(','))}
              />
            ))}
        </div>
        <span className="w-muted w-small" role="status" data-testid="map-count">
          {view.error ? view.error.message : view.data ? `${view.data.count.toLocaleString('en')} ${view.data.count === 1 ? 'place' : 'places'}` : say('Loading…')}
        </span>
      </div>
      <div className="w-map-frame">
        <LeafletMap label="Map of all places" center={[first.current.lat ?? 25, first.current.lng ?? 10]} zoom={first.current.zoom ?? 2} onReady={onReady} className="w-map-large" />
        {(address.open || place) && (
          <Panel
            key={address.open ?? place}
            open={{ id: address.open, bbox: place }}
            onInside={() => setAddress((now) => ({ ...now, floor: 0 }))}
            onClose={() => {
              setPlace(undefined);
              setAddress((now) => ({ ...now, open: undefined, floor: undefined }));
            }}
          />
        )}
        {address.open && address.floor !== undefined && opened && (
          <Indoor location={opened} floor={address.floor} onFloor={(floor) => setAddress((now) => ({ ...now, floor }))} onClose={() => setAddress((now) => ({ ...now, floor: undefined }))} />
        )}
      </div>
    </div>
  );
}
