import { Create } from 'react-admin';
import { OrganizationForm } from './OrganizationForm';

/** The page that adds an organization. */
export default function OrganizationCreate() {
  return (
    <Create redirect="edit">
      <OrganizationForm create />
    </Create>
  );
}
