// The fields of a device: of a new one, and of one that is there.
import { AutocompleteInput, ReferenceInput, required, TextInput, useRecordContext, useResourceDefinitions } from 'react-admin';
import { useWatch } from 'react-hook-form';
import { CopyableText } from '../../design/Copyable';
import { useText } from '../../design/useText';
import { Moment } from '../../design/Moment';
import { SecretInput } from '../../design/SecretInput';
import { FormCard, Locked } from '../../forms/FormParts';
import { OrganizationInput } from '../../tenancy/references';
import type { Device } from '../types';
import { useLocked } from './locked';

// Only devices of the same organization can be in a group, so the choice follows the organization.
function GroupInput() {
  const organization = useWatch({ name: 'organization' }) as string | undefined;
  // the server has groups when the admin has pages of them
  const offered = useResourceDefinitions().devicegroups?.hasList ?? false;
  if (!offered || !organization) return null;
  return (
    <ReferenceInput source="group" reference="devicegroups" filter={{ organization }} perPage={50}>
      <AutocompleteInput helperText={false} optionText="name" filterToQuery={(text: string) => ({ q: text })} fullWidth />
    </ReferenceInput>
  );
}

function emptyToNull(value: string): string | null {
  return value === '' ? null : value;
}

/** What a person says about a device. */
export function DeviceFields({ create }: { create: boolean }) {
  return (
    <>
      <FormCard title="Identity">
        <TextInput source="name" validate={required()} helperText="A host name or a MAC address" fullWidth />
        <OrganizationInput source="organization" />
        <GroupInput />
        <TextInput helperText={false} source="mac_address" validate={required()} placeholder="00:11:22:33:44:55" fullWidth />
      </FormCard>
      <FormCard title="Access">
        <SecretInput source="key" name="key" helperText={create ? 'Leave empty to have one made' : 'Identifies the device to the server: keep it secret'} />
        <TextInput source="management_ip" helperText="The address at which the server reaches the device" parse={emptyToNull} fullWidth />
      </FormCard>
      <FormCard title="Hardware" note="devices that register tell it themselves">
        <TextInput helperText={false} source="model" fullWidth />
        <TextInput helperText={false} source="os" fullWidth />
        <TextInput helperText={false} source="system" fullWidth />
      </FormCard>
      <FormCard title="Notes">
        <TextInput helperText={false} source="notes" multiline minRows={3} fullWidth label="Notes" />
      </FormCard>
    </>
  );
}

/** The contents of the tab Details. */
export function DeviceDetails() {
  const device = useRecordContext<Device>();
  const locked = useLocked();
  const say = useText();
  return (
    <Locked locked={locked}>
      <div className="w-stack w-form">
        <DeviceFields create={false} />
        <FormCard title="For scripts">
          <CopyableText label="UUID" text={device?.id} />
          <p className="w-small w-secondary" style={{ marginTop: 8 }}>
            {say('Added')} <Moment at={device?.created} />, {say('changed')} <Moment at={device?.modified} />
          </p>
        </FormCard>
      </div>
    </Locked>
  );
}
