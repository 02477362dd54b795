// The page of a location: where it is, its floors, its devices.
import { useQuery } from '@tanstack/react-query';
import { useCreatePath, useDataProvider, useRecordContext, useResourceContext } from 'react-admin';
import { Link } from 'react-router-dom';
import { Banner } from '../design/Banner';
import { Card } from '../design/Card';
import { Moment } from '../design/Moment';
import { MoreMenu } from '../design/MoreMenu';
import { ObjectHeader } from '../design/ObjectHeader';
import { useText } from '../design/useText';
import { EditPage } from '../forms/EditPage';
import { FormToolbar, useDeletion, useMayChange } from '../forms/FormParts';
import { FloorPlans } from './FloorPlans';
import { LocationForm, locationBody } from './LocationForm';
import type { GeoProvider } from './operations';
import type { Location } from './types';

function Header({ location }: { location: Location }) {
  const say = useText();
  const resource = useResourceContext();
  const createPath = useCreatePath();
  const deletion = useDeletion('location', location.name, 'Its floor plans go too; its devices stay, and are nowhere then.');
  return (
    <>
      <ObjectHeader
        title={location.name}
        above={{ label: 'Locations', to: createPath({ resource, type: 'list' }) }}
        actions={<MoreMenu label="More about this location" actions={deletion.action ? [deletion.action] : []} />}
        facts={
          <>
            <span>{location.type}</span>
            <Link to={`/map?open=${location.id}`}>{say('Show on the map')}</Link>
            <span>
              {say('Changed')}{' '}<Moment at={location.modified} />
            </span>
          </>
        }
      />
      {deletion.question}
    </>
  );
}

function Devices({ location }: { location: Location }) {
  const say = useText();
  const provider = useDataProvider<GeoProvider>();
  const { data } = useQuery({ queryKey: ['locations', 'devices', location.id], queryFn: () => provider.devicesAt(location.id) });
  return (
    <Card title="Devices here" note={data ? String(data.count) : undefined}>
      {data?.results.length === 0 && <p className="w-muted">{say('None. A device is put here on its own page, under Place.')}</p>}
      <ul className="w-map-devices">
        {data?.results.map(({ id, name }) => (
          <li key={id}>
            <Link to={`/devices/${id}`}>{name}</Link>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Contents() {
  const say = useText();
  const location = useRecordContext<Location>();
  const locked = !useMayChange('locations');
  if (!location) return null;
  return (
    <div className="w-form">
      {location.is_estimated && <Banner status="unknown" title="Estimated from the public address of its devices">{say('It may be far off. Whoever changes address or position here makes it exact.')}</Banner>}
      <LocationForm locked={locked} />
      {location.type === 'indoor' && <FloorPlans location={location} />}
      <Devices location={location} />
    </div>
  );
}

/** The page. */
export default function LocationEdit() {
  return (
    <EditPage<Location> what="location" transform={locationBody as never} compared={['name', 'organization', 'type', 'is_mobile', 'address', 'geometry']} header={(location) => <Header location={location} />} bar={<FormToolbar />}>
      <Contents />
    </EditPage>
  );
}
