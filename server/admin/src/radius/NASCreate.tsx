// The page that adds an access server.
import { CreatePage } from '../forms/EditPage';
import { FormToolbar } from '../forms/FormParts';
import { randomKey } from '../tenancy/organizations/naming';
import { NASForm } from './NASForm';

/** The page. */
export default function NASCreate() {
  return (
    <CreatePage title="Add an access server" list="Access servers" defaultValues={{ name: '', short_name: '', type: 'Other', secret: randomKey(24) }} bar={<FormToolbar create verb="Add access server" />}>
      <NASForm create />
    </CreatePage>
  );
}
