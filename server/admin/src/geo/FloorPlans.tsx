// The floors of a building: their plans, and the devices on them, which are dragged to where they hang.
import { Button, TextField, ToggleButton, ToggleButtonGroup } from '@mui/material';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import L from 'leaflet';
import 'leaflet/dist/leaflet.css';
import { useEffect, useRef, useState } from 'react';
import { useDataProvider, useNotify } from 'react-admin';
import { FileButton } from '../design/FileButton';
import { Ask } from '../design/Ask';
import { Card } from '../design/Card';
import type { StatusName } from '../design/tokens';
import { useText } from '../design/useText';
import { useMayChange } from '../forms/FormParts';
import type { GeoProvider } from './operations';
import type { FloorPlan, Location, Spot } from './types';
import './geo.css';

/** A spot on a plan; outside of the picture it is at its edge. */
export function inside({ lat, lng }: { lat: number; lng: number }, plan: Pick<FloorPlan, 'image_width' | 'image_height'>): { lat: number; lng: number } {
  const round = (v: number) => Math.round(v * 10) / 10;
  return { lat: round(Math.min(0, Math.max(-plan.image_height, lat))), lng: round(Math.max(0, Math.min(plan.image_width, lng))) };
}

interface PlanPictureProps {
  plan: FloorPlan;
  spots: Spot[];
  locked: boolean;
  onMove?(spot: Spot, to: { lat: number; lng: number }): void;
  /** How a device is, for its colour and its name. */
  look?(spot: Spot): { status: StatusName; word: string };
  onOpen?(spot: Spot): void;
}

/** A plan with its devices. Its unit is the picture's pixel, from the top left corner. */
export function PlanPicture({ plan, spots, locked, onMove, look, onOpen }: PlanPictureProps) {
  const at = useRef<HTMLDivElement>(null);
  const map = useRef<L.Map>(undefined);
  const layers = useRef(L.layerGroup());
  const moved = useRef(onMove);
  moved.current = onMove;
  const opened = useRef(onOpen);
  opened.current = onOpen;
  useEffect(() => {
    if (!at.current) return undefined;
    const bounds = L.latLngBounds([-plan.image_height, 0], [0, plan.image_width]);
    const made = L.map(at.current, { crs: L.CRS.Simple, minZoom: -5, maxZoom: 4, zoomSnap: 0.25, attributionControl: false, maxBounds: bounds.pad(0.5) });
    L.imageOverlay(`${plan.image}?${encodeURIComponent(plan.modified)}`, bounds, { alt: plan.name }).addTo(made);
    made.fitBounds(bounds);
    layers.current.addTo(made);
    map.current = made;
    const resized = new ResizeObserver(() => {
      made.invalidateSize();
      made.fitBounds(bounds);
    });
    resized.observe(at.current);
    return () => {
      resized.disconnect();
      made.remove();
    };
  }, [plan]);
  useEffect(() => {
    layers.current.clearLayers();
    for (const spot of spots) {
      if (!spot.coordinates) continue;
      const name = document.createElement('span');
      name.className = 'w-plan-name';
      name.textContent = spot.device_name;
      const how = look?.(spot);
      const title = how ? `${spot.device_name} · ${how.word}` : spot.device_name;
      const icon = L.divIcon({ className: how ? `w-plan-dot w-plan-health w-map-${how.status}` : 'w-plan-dot', html: name, iconSize: [14, 14] });
      const marker = L.marker([spot.coordinates.lat, spot.coordinates.lng], { icon, draggable: !locked, alt: title, title });
      marker.on('click', () => opened.current?.(spot));
      marker.on('dragend', () => {
        const to = inside(marker.getLatLng(), plan);
        marker.setLatLng([to.lat, to.lng]);
        moved.current?.(spot, to);
      });
      layers.current.addLayer(marker);
    }
  }, [spots, locked, plan, look]);
  return <div ref={at} className="w-map w-plan" role="application" aria-label={plan.name} />;
}

/** The card of the floors. */
export function FloorPlans({ location }: { location: Location }) {
  const say = useText();
  const provider = useDataProvider<GeoProvider>();
  const client = useQueryClient();
  const notify = useNotify();
  const mayPlans = useMayChange('floorplans');
  const mayPlaces = useMayChange('devicelocations');
  const [chosen, setChosen] = useState<number>();
  const [floor, setFloor] = useState('');
  const [going, setGoing] = useState<FloorPlan>();
  const [busy, setBusy] = useState(false);
  const plans = useQuery({ queryKey: ['floorplans', location.id], queryFn: () => provider.floorPlans(location.id) });
  const list = plans.data ?? [];
  const plan = list.find((one) => one.floor === chosen) ?? list.find((one) => one.floor >= 0) ?? list.at(-1);
  const spots = useQuery({ queryKey: ['floorplans', location.id, 'spots', plan?.floor], queryFn: () => provider.spots(location.id, plan?.floor ?? 0), enabled: !!plan });
  const devices = useQuery({ queryKey: ['locations', 'devices', location.id], queryFn: () => provider.devicesAt(location.id) });
  const again = () => void client.invalidateQueries({ queryKey: ['floorplans', location.id] });
  const act = async (what: () => Promise<unknown>, said: string) => {
    setBusy(true);
    try {
      await what();
      notify(said, { type: 'success' });
    } catch (error) {
      notify(error instanceof Error ? error.message : String(error), { type: 'error', autoHideDuration: 8000 });
    } finally {
      setBusy(false);
      again();
    }
  };
  const pictures = 'image/png,image/jpeg,image/gif,image/webp';
  const placed = new Set(spots.data?.map(({ device_id }) => device_id));
  const number = Number.parseInt(floor, 10);
  return (
    <Card title="Floors" note={plan ? say('%{number} devices on this floor', { number: spots.data?.length ?? 0 }) : undefined} flush>
      <div className="w-floors">
        {list.length > 0 && (
          <ToggleButtonGroup size="small" exclusive value={plan?.floor} onChange={(_, value: number | null) => value !== null && setChosen(value)} aria-label={say('Floor')}>
            {list.map((one) => (
              <ToggleButton key={one.id} value={one.floor}>
                {one.floor === 0 ? say('Ground') : one.floor}
              </ToggleButton>
            ))}
          </ToggleButtonGroup>
        )}
        {mayPlans && (
          <>
            <TextField size="small" label={say('Floor')} type="number" value={floor} onChange={({ target }) => setFloor(target.value)} sx={{ width: 96 }} />
            <FileButton
              variant="outlined"
              label="Plan"
              accept={pictures}
              disabled={busy || !Number.isInteger(number)}
              onFiles={([picture]) => picture && void act(() => provider.addFloorPlan(location.id, number, picture).then(() => setChosen(number)), 'Plan added')}
            >
              {say('Add a plan…')}
            </FileButton>
          </>
        )}
        {mayPlans && plan && (
          <>
            <FileButton color="inherit" label="Picture of the plan" accept={pictures} disabled={busy} onFiles={([picture]) => picture && void act(() => provider.changeFloorPlan(plan.id, { image: picture }), 'Picture replaced')}>
              {say('Replace the picture…')}
            </FileButton>
            <Button color="error" disabled={busy} onClick={() => setGoing(plan)}>
              {say('Delete this plan…')}
            </Button>
          </>
        )}
      </div>
      {plan && (
        <PlanPicture
          key={plan.id + plan.modified}
          plan={plan}
          spots={spots.data ?? []}
          locked={!mayPlaces}
          onMove={(spot, to) => void act(() => provider.changePlace(spot.device_id, { indoor: `${to.lat},${to.lng}` }), say('%{device_name} moved', { device_name: spot.device_name }))}
        />
      )}
      {plan && mayPlaces && (
        <div className="w-floors">
          <span className="w-muted w-small">{say('Not on this plan:')}</span>
          {devices.data?.results
            .filter(({ id }) => !placed.has(id))
            .map(({ id, name }) => (
              <Button
                key={id}
                size="small"
                variant="outlined"
                disabled={busy}
                onClick={() => void act(() => provider.changePlace(id, { floorplan: plan.id, indoor: `${-Math.round(plan.image_height / 2)},${Math.round(plan.image_width / 2)}` }), say('%{name} put onto the plan: drag it to its place', { name }))}
              >
                {name}
              </Button>
            ))}
          {devices.data?.results.every(({ id }) => placed.has(id)) && <span className="w-small">{say('nobody')}</span>}
        </div>
      )}
      {!plan && plans.data && <p className="w-muted w-floors">{say('No plans yet: choose the number of a floor and a picture.')}</p>}
      {going && (
        <Ask title={say('Delete %{name}?', { name: going.name })} verb="Delete plan" keep="Keep it" dangerous busy={busy} onDo={() => void act(() => provider.removeFloorPlan(going.id), 'Plan deleted').then(() => setGoing(undefined))} onClose={() => setGoing(undefined)}>
          {say('Its devices stay at the location, without a place on a plan.')}
        </Ask>
      )}
    </Card>
  );
}
