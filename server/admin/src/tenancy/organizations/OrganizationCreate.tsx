// The page that adds an organization.
import { CreatePage } from '../../forms/EditPage';
import { FormToolbar } from '../../forms/FormParts';
import { OrganizationForm } from './OrganizationForm';

/** The page. */
export default function OrganizationCreate() {
  return (
    <CreatePage
      title="Create an organization"
      list="Organizations"
      defaultValues={{ name: '', slug: '', is_active: true, description: '', email: '', url: '' }}
      bar={<FormToolbar create verb="Create organization" />}
    >
      <OrganizationForm create />
    </CreatePage>
  );
}
