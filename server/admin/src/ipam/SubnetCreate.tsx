// The page that adds a subnet; its address may say where.
import { useSearchParams } from 'react-router-dom';
import { CreatePage } from '../forms/EditPage';
import { FormToolbar } from '../forms/FormParts';
import { SubnetForm, subnetBody } from './SubnetForm';

/** The page. */
export default function SubnetCreate() {
  const [query] = useSearchParams();
  const given = { subnet: query.get('subnet') ?? '', master_subnet: query.get('master_subnet'), organization: query.get('organization') ?? '' };
  return (
    <CreatePage title="Create a subnet" list="Subnets" defaultValues={{ name: '', description: '', ...given }} transform={subnetBody as never} bar={<FormToolbar create verb="Create subnet" />}>
      <div className="w-form">
        <SubnetForm />
      </div>
    </CreatePage>
  );
}
