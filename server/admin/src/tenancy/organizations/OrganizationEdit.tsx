import { Edit, useRecordContext } from 'react-admin';
import type { Organization } from '../types';
import { wholeObject } from '../../forms/FormParts';
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
