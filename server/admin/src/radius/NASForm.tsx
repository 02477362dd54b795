// The form of an access server.
import { NumberInput, required, TextInput } from 'react-admin';
import { useWatch } from 'react-hook-form';
import { SecretInput } from '../design/SecretInput';
import { useText } from '../design/useText';
import { Columns, FormCard, FormProblems, Locked, useMayChange } from '../forms/FormParts';
import { OrganizationInput } from '../tenancy/references';

/** The contents. */
export function NASForm({ create = false }: { create?: boolean }) {
  const say = useText();
  const change = useMayChange('nas');
  const secret = useWatch({ name: 'secret' }) as string | null | undefined;
  return (
    <div className="w-stack w-form">
      <FormProblems />
      <Locked locked={!create && !change}>
        <div className="w-stack">
          <FormCard title="Access server">
            <TextInput source="name" validate={required()} label="Address" helperText="IP address, network in CIDR notation, or host name" fullWidth />
            <TextInput source="short_name" validate={required()} helperText={false} fullWidth />
            <OrganizationInput source="organization" />
            {secret === null && !create ? <p className="w-secondary">{say('The secret is shown only to those who may change it.')}</p> : <SecretInput source="secret" name="secret" helperText="Shared with the access server" />}
          </FormCard>
          <FormCard title="More" note="for people and for FreeRADIUS">
            <Columns>
              <TextInput source="type" helperText="Such as Wireless - Other" fullWidth />
              <NumberInput source="ports" min={0} helperText={false} fullWidth />
              <TextInput source="server" helperText={false} fullWidth />
              <TextInput source="community" helperText={false} fullWidth />
            </Columns>
            <TextInput source="description" helperText={false} multiline minRows={2} fullWidth />
          </FormCard>
        </div>
      </Locked>
    </div>
  );
}
