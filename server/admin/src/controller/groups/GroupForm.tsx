// The form of a group of devices.
import { AutocompleteArrayInput, ReferenceArrayInput, required, TextInput, useRecordContext } from 'react-admin';
import { FormCard, FormProblems, Locked, useMayChange } from '../../forms/FormParts';
import { OrganizationInput } from '../../tenancy/references';
import { DeclaredVariables } from '../editor/DeclaredVariables';
import { VariablesInput } from '../editor/VariablesInput';
import type { DeviceGroup } from '../types';

/** The contents. */
export function GroupForm({ create = false }: { create?: boolean }) {
  const change = useMayChange('devicegroups');
  const group = useRecordContext<DeviceGroup>();
  const locked = !create && !change;
  return (
    <div className="w-stack w-form">
      <FormProblems />
      <Locked locked={locked}>
        <div className="w-stack">
          <FormCard title="Group">
            <TextInput helperText={false} source="name" validate={required()} fullWidth />
            <OrganizationInput source="organization" />
            <TextInput helperText={false} source="description" multiline minRows={2} fullWidth />
          </FormCard>
          <FormCard title="What its devices get" note="each device may lose a template again">
            <ReferenceArrayInput source="templates" reference="templates" filter={{ default: false, required: false }} perPage={100} sort={{ field: 'name', order: 'ASC' }}>
              <AutocompleteArrayInput helperText="Required and default templates come to every device anyway" optionText="name" filterToQuery={(text: string) => ({ q: text })} fullWidth />
            </ReferenceArrayInput>
            <VariablesInput source="context" label="Variables" help="Stronger than those of the organization, weaker than those of a device." disabled={locked} />
            {group && !create && <DeclaredVariables of="group" id={group.id} locked={locked} />}
          </FormCard>
          <FormCard title="Metadata" note="for programs">
            <VariablesInput source="meta_data" label="Metadata" help="No configuration is made of it." disabled={locked} />
          </FormCard>
        </div>
      </Locked>
    </div>
  );
}
