// The page that adds a location.
import { CreatePage } from '../forms/EditPage';
import { FormToolbar } from '../forms/FormParts';
import { LocationForm, locationBody } from './LocationForm';

/** The page. */
export default function LocationCreate() {
  return (
    <CreatePage title="Add a location" list="Locations" defaultValues={{ name: '', organization: '', type: 'outdoor', is_mobile: false, address: '', geometry: null }} transform={locationBody as never} bar={<FormToolbar create verb="Add location" />}>
      <div className="w-form">
        <LocationForm />
      </div>
    </CreatePage>
  );
}
