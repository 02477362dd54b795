// The inside of a building on the map: one floor with its devices, coloured by how they are.
import { ToggleButton, ToggleButtonGroup } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { useCallback } from 'react';
import { useDataProvider } from 'react-admin';
import { useNavigate } from 'react-router-dom';
import { useText } from '../design/useText';
import { PlanPicture } from './FloorPlans';
import type { GeoProvider } from './operations';
import { healthLook, type Location, type MonitoredSpot, type Spot } from './types';

interface IndoorProps {
  location: Location;
  /** The floor that is shown; one that has no plan is none. */
  floor: number;
  onFloor(floor: number): void;
  onClose(): void;
}

/** The floors of a location. */
export function Indoor({ location, floor, onFloor, onClose }: IndoorProps) {
  const say = useText();
  const provider = useDataProvider<GeoProvider>();
  const navigate = useNavigate();
  const plans = useQuery({ queryKey: ['floorplans', location.id], queryFn: () => provider.floorPlans(location.id) });
  const list = plans.data ?? [];
  const plan = list.find((one) => one.floor === floor) ?? list.find((one) => one.floor >= 0) ?? list.at(-1);
  const spots = useQuery({
    queryKey: ['floorplans', location.id, 'monitored', plan?.floor],
    queryFn: () => provider.monitoredSpots(location.id, plan?.floor ?? 0),
    enabled: !!plan,
    refetchInterval: 60_000,
  });
  const look = useCallback((spot: Spot) => {
    const { status, status_label: word } = (spot as MonitoredSpot).monitoring;
    return { status: healthLook(status), word };
  }, []);
  return (
    <section className="w-map-indoor" aria-label={say('Floors of %{name}', { name: location.name })}>
      <div className="w-floors">
        <strong>{location.name}</strong>
        <ToggleButtonGroup size="small" exclusive value={plan?.floor ?? null} onChange={(_, value: number | null) => value !== null && onFloor(value)} aria-label={say('Floor')}>
          {list.map((one) => (
            <ToggleButton key={one.id} value={one.floor}>
              {one.floor === 0 ? say('Ground') : one.floor}
            </ToggleButton>
          ))}
        </ToggleButtonGroup>
        <span className="w-muted w-small" role="status">
          {plans.error ? plans.error.message : spots.error ? spots.error.message : spots.data ? say('%{number} devices on this floor', { number: spots.data.length }) : plans.data && !plan ? say('No plans yet.') : say('Loading…')}
        </span>
        <button type="button" className="w-link w-map-close" onClick={onClose} aria-label={say('Back to the map')}>
          <X size={16} />
        </button>
      </div>
      {plan && <PlanPicture key={plan.id + plan.modified} plan={plan} spots={spots.data ?? []} locked look={look} onOpen={({ device_id }) => navigate(`/devices/${device_id}`)} />}
    </section>
  );
}
