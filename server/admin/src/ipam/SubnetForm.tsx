// The form of a subnet.
import { AutocompleteInput, ReferenceInput, required, TextInput } from 'react-admin';
import { Columns, FormCard, FormProblems } from '../forms/FormParts';
import { OrganizationInput } from '../tenancy/references';
import type { Subnet } from './types';

/** The inputs. */
export function SubnetForm({ locked = false }: { locked?: boolean }) {
  return (
    <FormCard title="Subnet">
      <FormProblems />
      <Columns>
        <TextInput source="name" validate={required()} readOnly={locked} helperText={false} fullWidth />
        <TextInput source="subnet" validate={required()} readOnly={locked} helperText="Such as 10.0.0.0/24 or fd00::/64" fullWidth />
        <OrganizationInput source="organization" shareable readOnly={locked} />
        <ReferenceInput source="master_subnet" reference="subnets" perPage={25} sort={{ field: 'subnet', order: 'ASC' }}>
          <AutocompleteInput<Subnet>
            optionText={(subnet: Subnet) => `${subnet.subnet} ${subnet.name}`}
            filterToQuery={(text: string) => ({ q: text })}
            readOnly={locked}
            helperText="The subnet it lies in"
            fullWidth
          />
        </ReferenceInput>
        <TextInput source="description" readOnly={locked} helperText={false} fullWidth />
      </Columns>
    </FormCard>
  );
}

/** What the API takes. */
export function subnetBody({ created: _created, modified: _modified, ...rest }: Partial<Subnet>): Partial<Subnet> {
  return { ...rest, organization: rest.organization || null, master_subnet: rest.master_subnet || null, description: rest.description ?? '' };
}
