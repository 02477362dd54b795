// The page of an address.
import { required, TextInput, useCreatePath, useResourceContext } from 'react-admin';
import { Link } from 'react-router-dom';
import { Moment } from '../design/Moment';
import { MoreMenu } from '../design/MoreMenu';
import { ObjectHeader } from '../design/ObjectHeader';
import { useText } from '../design/useText';
import { EditPage } from '../forms/EditPage';
import { Columns, FormCard, FormProblems, FormToolbar, useDeletion, useMayChange } from '../forms/FormParts';
import { Reference } from '../lists/Reference';
import type { Address } from './types';

function Header({ address }: { address: Address }) {
  const say = useText();
  const resource = useResourceContext();
  const createPath = useCreatePath();
  const deletion = useDeletion('address', address.ip_address, 'Others may be given it then.');
  return (
    <>
      <ObjectHeader
        title={address.ip_address}
        above={{ label: 'Addresses', to: createPath({ resource, type: 'list' }) }}
        actions={<MoreMenu label="More about this address" actions={deletion.action ? [deletion.action] : []} />}
        facts={
          <>
            <span>
              {say('In')}{' '}
              <Link className="w-mono" to={`/subnets/${address.subnet}`}>
                <Reference resource="subnets" id={address.subnet} title="subnet" />
              </Link>
            </span>
            <span>
              {say('Changed')}{' '}<Moment at={address.modified} />
            </span>
          </>
        }
      />
      {deletion.question}
    </>
  );
}

function Inputs() {
  const locked = !useMayChange('addresses');
  return (
    <div className="w-form">
    <FormCard title="Address">
      <FormProblems />
      <Columns>
        <TextInput source="ip_address" validate={required()} readOnly={locked} helperText={false} fullWidth />
        <TextInput source="description" readOnly={locked} helperText={false} parse={(value: string) => value ?? ''} fullWidth />
      </Columns>
    </FormCard>
    </div>
  );
}

/** The page. */
export default function AddressEdit() {
  return (
    <EditPage<Address> what="address" header={(address) => <Header address={address} />} bar={<FormToolbar />}>
      <Inputs />
    </EditPage>
  );
}
