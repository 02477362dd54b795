// Where a device is, on its page.
import { Autocomplete, Button, TextField } from '@mui/material';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import L from 'leaflet';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useDataProvider, useGetList, useNotify, useRecordContext } from 'react-admin';
import { Link } from 'react-router-dom';
import { Ask } from '../design/Ask';
import { Card } from '../design/Card';
import { Failed, Loading } from '../design/states';
import { useText } from '../design/useText';
import { useMayChange } from '../forms/FormParts';
import { openLink } from '../live/socket';
import { useChanges } from '../live/useLive';
import { FloorPlans } from './FloorPlans';
import { LeafletMap } from './LeafletMap';
import type { GeoProvider } from './operations';
import type { DevicePlace, Location } from './types';
import { nearest } from './view';

const pin = L.divIcon({ className: 'w-map-pin', iconSize: [16, 16] });

/** The map of one location; what moves, moves. */
function PlaceMap({ place }: { place: DevicePlace }) {
  const text = useText();
  const { id, geometry } = place.location;
  const shown = useRef(L.layerGroup());
  const map = useRef<L.Map>(undefined);
  const draw = useCallback((what: DevicePlace['location']['geometry'], follow: boolean) => {
    shown.current.clearLayers();
    if (!what || !map.current) return;
    if (what.type === 'Point') {
      const [lng, lat] = what.coordinates as [number, number];
      const at = L.latLng(lat, nearest(lng, map.current.getCenter().lng));
      shown.current.addLayer(L.marker(at, { icon: pin, alt: place.location.properties.name }));
      if (follow) map.current.panTo(at);
    } else shown.current.addLayer(L.geoJSON(what, { style: { className: 'w-map-dot w-map-ok' } }));
  }, [place.location.properties.name]);
  useEffect(() => draw(geometry, false), [geometry, draw]);
  useEffect(() => {
    const link = openLink({ path: `/ws/loci/location/${id}/`, onFrame: (frame) => draw((frame as { geometry?: DevicePlace['location']['geometry'] }).geometry ?? null, true) });
    return () => link.close();
  }, [id, draw]);
  const onReady = useCallback((made: L.Map) => {
    map.current = made;
    shown.current.addTo(made);
    if (geometry) made.fitBounds(L.geoJSON(geometry).getBounds(), { maxZoom: 15, animate: false });
    draw(geometry, false);
    return () => {
      map.current = undefined;
    };
  }, [geometry, draw]);
  if (!geometry) return <p className="w-muted">{text('It moves, and did not say yet where it is.')}</p>;
  return <LeafletMap label={text('Map of %{name}', { name: place.location.properties.name })} center={[25, 10]} zoom={2} onReady={onReady} />;
}

/** Chooses a location of the device's organization. */
function Choose({ organization, onChoose }: { organization: string; onChoose(location: Location): void }) {
  const say = useText();
  const [text, setText] = useState('');
  const { data = [] } = useGetList<Location>('locations', { pagination: { page: 1, perPage: 25 }, sort: { field: 'name', order: 'ASC' }, filter: { organization, ...(text ? { q: text } : {}) } });
  return (
    <Autocomplete<Location>
      openText={say('Open')}
      closeText={say('Close')}
      clearText={say('Clear value')}
      options={data}
      filterOptions={(all) => all}
      getOptionLabel={({ name, address }) => (address ? `${name}, ${address}` : name)}
      isOptionEqualToValue={(a, b) => a.id === b.id}
      onInputChange={(_, value, why) => why === 'input' && setText(value)}
      onChange={(_, location) => location && onChoose(location)}
      value={null}
      blurOnSelect
      noOptionsText="No such location"
      renderInput={(params) => <TextField {...params} size="small" label={say('Put it at a location')} />}
      sx={{ maxWidth: 420 }}
    />
  );
}

/** The tab. */
export default function PlaceTab() {
  const say = useText();
  const device = useRecordContext<{ id: string; name: string; organization: string; is_deactivated?: boolean }>();
  const provider = useDataProvider<GeoProvider>();
  const client = useQueryClient();
  const notify = useNotify();
  const may = useMayChange('devicelocations');
  const [leaving, setLeaving] = useState(false);
  const id = device?.id ?? '';
  const place = useQuery({ queryKey: ['devicelocations', id], queryFn: () => provider.place(id), enabled: !!device });
  const again = useCallback(() => {
    void client.invalidateQueries({ queryKey: ['devicelocations', id] });
    void client.invalidateQueries({ queryKey: ['locations'] });
    void client.invalidateQueries({ queryKey: ['floorplans'] });
  }, [client, id]);
  useChanges('geo.devicelocation', again, id);
  if (!device) return null;
  const act = async (what: () => Promise<unknown>, said: string) => {
    try {
      await what();
      notify(said, { type: 'success' });
    } catch (error) {
      notify(error instanceof Error ? error.message : String(error), { type: 'error', autoHideDuration: 8000 });
    }
    again();
  };
  const open = may && !device.is_deactivated;
  if (place.error) return <Failed reason={place.error.message} onRetry={() => void place.refetch()} />;
  if (place.data === undefined) return <Loading onRetry={() => void place.refetch()} />;
  const now = place.data;
  const where = now?.location.properties;
  return (
    <div className="w-form">
      <Card
        title={where ? where.name : 'It is nowhere yet'}
        note={where ? [where.address, where.type, where.is_mobile ? 'mobile' : '', where.is_estimated ? 'estimated from its public address' : ''].filter(Boolean).join(' · ') : undefined}
        more={
          now && (
            <>
              <Link to={`/locations/${now.location.id}`}>{say('Open the location')}</Link> <Link to={`/map?open=${now.location.id}`}>{say('On the map')}</Link>
            </>
          )
        }
      >
        {now && <PlaceMap key={now.location.id} place={now} />}
        {open && (
          <div className="w-floors">
            <Choose organization={device.organization} onChoose={(location) => void act(() => provider.putPlace(id, { location: location.id }), say('%{name} is at %{name2}', { name: device.name, name2: location.name }))} />
            <Button component={Link} to="/locations/create" color="inherit">
              {say('Add a location')}
            </Button>
            {now && (
              <Button color="error" onClick={() => setLeaving(true)}>
                {say('Take it off the map…')}
              </Button>
            )}
          </div>
        )}
      </Card>
      {now && where?.type === 'indoor' && <FloorPlans location={{ id: now.location.id, ...where } as Location} />}
      {leaving && (
        <Ask title={say('Take %{name} off the map?', { name: device.name })} verb="Take it off" keep="Keep it there" dangerous onDo={() => void act(() => provider.removePlace(id), 'It is nowhere now').then(() => setLeaving(false))} onClose={() => setLeaving(false)}>
          {say('The location stays.')}
        </Ask>
      )}
    </div>
  );
}
