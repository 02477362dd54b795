import { Edit, useRecordContext } from 'react-admin';
import type { Organization } from '../api/types';
import { wholeObject } from '../app/FormParts';
import { OrganizationForm } from './OrganizationForm';

function Title() {
  const organization = useRecordContext<Organization>();
  return <span>{organization?.name}</span>;
}

/** The page of an organization. */
export default function OrganizationEdit() {
  return (
    <Edit {...wholeObject} title={<Title />} mutationMode="pessimistic" redirect={false}>
      <OrganizationForm />
    </Edit>
  );
}
