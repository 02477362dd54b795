// The form of a location: what it is, and where, by a click into the map.
import { Button } from '@mui/material';
import L from 'leaflet';
import { useCallback, useEffect, useRef, useState } from 'react';
import { BooleanInput, required, SelectInput, TextInput, useDataProvider, useNotify } from 'react-admin';
import { useFormContext, useWatch } from 'react-hook-form';
import { useText } from '../design/useText';
import { Columns, FormCard, FormProblems } from '../forms/FormParts';
import { OrganizationInput } from '../tenancy/references';
import { LeafletMap, useBackground } from './LeafletMap';
import type { GeoProvider } from './operations';
import type { Location } from './types';
import { wrapped } from './view';

const pin = L.divIcon({ className: 'w-map-pin', iconSize: [16, 16] });

/** Where a location is: a point that is set by a click and dragged; other geometries are shown. */
export function GeometryInput({ locked = false }: { locked?: boolean }) {
  const say = useText();
  const text = useText();
  const { setValue, getValues } = useFormContext();
  const geometry = useWatch({ name: 'geometry' }) as Location['geometry'] | undefined;
  const map = useRef<L.Map>(undefined);
  const shown = useRef(L.layerGroup());
  const may = useRef(!locked);
  may.current = !locked;
  const put = useCallback((at: L.LatLng) => {
    if (!may.current) return;
    const round = (v: number) => Math.round(v * 1e6) / 1e6;
    setValue('geometry', { type: 'Point', coordinates: [round(wrapped(at.lng)), round(at.lat)] }, { shouldDirty: true, shouldValidate: true });
  }, [setValue]);
  const onReady = useCallback((made: L.Map) => {
    map.current = made;
    shown.current.addTo(made);
    const now = getValues('geometry') as Location['geometry'];
    if (now) made.fitBounds(L.geoJSON(now).getBounds(), { maxZoom: 15, animate: false });
    made.on('click', ({ latlng }) => put(latlng));
    return undefined;
  }, [getValues, put]);
  useEffect(() => {
    shown.current.clearLayers();
    if (!geometry) return;
    if (geometry.type === 'Point') {
      const [lng, lat] = geometry.coordinates as [number, number];
      const marker = L.marker([lat, lng], { icon: pin, draggable: !locked, alt: 'The location' });
      marker.on('dragend', () => put(marker.getLatLng()));
      shown.current.addLayer(marker);
      // Leaflet gives it the role of a button, and no name
      marker.getElement()?.setAttribute('aria-label', say(locked ? 'The location' : 'The location: drag it to another place'));
    } else shown.current.addLayer(L.geoJSON(geometry, { style: { className: 'w-map-dot w-map-ok' } }));
  }, [geometry, locked, put, say]);
  const [lng, lat] = geometry?.type === 'Point' ? (geometry.coordinates as number[]) : [undefined, undefined];
  return (
    <>
      <LeafletMap label="Where it is: click to set the place" center={[25, 10]} zoom={2} onReady={onReady} />
      <p className="w-secondary w-small" data-testid="position">
        {lat !== undefined && lng !== undefined ? text('%{lat}° latitude, %{lng}° longitude', { lat, lng }) : geometry ? geometry.type : text('Click into the map to say where it is.')}
        {geometry && !locked && (
          <>
            {' '}
            <button type="button" className="w-link" onClick={() => setValue('geometry', null, { shouldDirty: true })}>
              {text('Take it off the map')}
            </button>
          </>
        )}
      </p>
    </>
  );
}

/** Finds the address on the map, where the server may ask somebody. */
function FindAddress() {
  const say = useText();
  const provider = useDataProvider<GeoProvider>();
  const { getValues, setValue } = useFormContext();
  const notify = useNotify();
  const [busy, setBusy] = useState(false);
  if (!useBackground()?.geocoder) return null;
  const find = async () => {
    setBusy(true);
    try {
      const at = await provider.geocode(String(getValues('address') ?? ''));
      if (at) setValue('geometry', { type: 'Point', coordinates: [at.lng, at.lat] }, { shouldDirty: true });
      else notify('Nobody knows this address.', { type: 'warning' });
    } catch (error) {
      notify(error instanceof Error ? error.message : String(error), { type: 'error' });
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button variant="outlined" disabled={busy} onClick={() => void find()}>
      {say('Find the address on the map')}
    </Button>
  );
}

/** The inputs. */
export function LocationForm({ locked = false }: { locked?: boolean }) {
  return (
    <FormCard title="Location">
      <FormProblems />
      <Columns>
        <TextInput source="name" validate={required()} readOnly={locked} helperText={false} fullWidth />
        <OrganizationInput source="organization" readOnly={locked} />
        <SelectInput
          source="type"
          validate={required()}
          readOnly={locked}
          helperText="An indoor location can have floor plans; they go when it becomes outdoor"
          choices={[
            { id: 'outdoor', name: 'Outdoor: street, square, land' },
            { id: 'indoor', name: 'Indoor: building, station, large vehicle' },
          ]}
          fullWidth
        />
        <TextInput source="address" readOnly={locked} helperText={false} parse={(value: string) => value ?? ''} fullWidth />
        <BooleanInput source="is_mobile" readOnly={locked} helperText="Its devices say where it is" />
        <FindAddress />
      </Columns>
      <GeometryInput locked={locked} />
    </FormCard>
  );
}

/** What the API takes. */
export function locationBody({ name, organization, type, is_mobile, address, geometry }: Partial<Location>): Partial<Location> {
  return { name, organization, type, is_mobile: is_mobile ?? false, address: address ?? '', geometry: geometry ?? null };
}
