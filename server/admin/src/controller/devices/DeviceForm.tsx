// The tabs of a device, of a new one and of an existing one.
import { Alert, Box, Typography } from '@mui/material';
import {
  AutocompleteInput,
  FormTab,
  FormDataConsumer,
  ReferenceInput,
  required,
  TabbedForm,
  TextInput,
  useRecordContext,
} from 'react-admin';
import { useWatch } from 'react-hook-form';
import { useLocation } from 'react-router-dom';
import type { Device } from '../types';
import { CopyableText } from '../../design/Copyable';
import { Columns, FormProblems, FormToolbar, Locked, useMayChange } from '../../forms/FormParts';
import { Moment } from '../../design/Moment';
import { OrganizationInput, useOffered } from '../../tenancy/references';
import { SecretInput } from '../../design/SecretInput';
import { ConfigurationTab } from './ConfigurationTab';
import { HistoryTab } from './HistoryTab';

// Only devices of the same organization can be in a group, so the choice follows the organization.
function GroupInput() {
  const organization = useWatch({ name: 'organization' }) as string | undefined;
  const offered = useOffered('devicegroups');
  if (!offered || !organization) return null;
  return (
    <ReferenceInput source="group" reference="devicegroups" filter={{ organization }} perPage={50}>
      <AutocompleteInput helperText={false} optionText="name" filterToQuery={(text: string) => ({ q: text })} fullWidth />
    </ReferenceInput>
  );
}

function DeviceFields({ create }: { create: boolean }) {
  const device = useRecordContext<Device>();
  return (
    <Columns>
      <TextInput source="name" validate={required()} helperText="A host name or a MAC address" fullWidth />
      <OrganizationInput source="organization" />
      <TextInput helperText={false} source="mac_address" validate={required()} placeholder="00:11:22:33:44:55" fullWidth />
      <GroupInput />
      <SecretInput
        source="key"
        name="key"
        helperText={create ? 'Leave empty to have one made' : 'Identifies the device to the server; keep it secret'}
      />
      <TextInput source="management_ip" helperText="The address at which the server reaches the device" parse={emptyToNull} fullWidth />
      <TextInput helperText={false} source="model" fullWidth />
      <TextInput helperText={false} source="os" fullWidth />
      <TextInput helperText={false} source="system" fullWidth />
      {!create && (
        <Box sx={{ display: 'grid', gap: 1, alignContent: 'center' }}>
          <CopyableText label="UUID" text={device?.id} />
          <CopyableText label="Last IP" text={device?.last_ip ?? undefined} />
          <Typography variant="body2" color="text.secondary">
            Added <Moment at={device?.created} />, changed <Moment at={device?.modified} />
          </Typography>
        </Box>
      )}
      <TextInput helperText={false} source="notes" multiline minRows={3} fullWidth sx={{ gridColumn: { md: '1 / -1' } }} />
    </Columns>
  );
}

function emptyToNull(value: string): string | null {
  return value === '' ? null : value;
}

/** The form of a device. */
export function DeviceForm({ create = false }: { create?: boolean }) {
  const device = useRecordContext<Device>();
  const change = useMayChange('devices');
  const deactivated = device?.is_deactivated ?? false;
  const locked = !create && (deactivated || !change);
  const reading = useLocation().pathname.endsWith('/history');
  return (
    <TabbedForm
      noValidate
      warnWhenUnsavedChanges
      toolbar={<FormToolbar create={create} removable={false} locked={locked || (reading && !create)} />}
      defaultValues={create ? newDevice : undefined}
      sx={{ '& .RaTabbedForm-content': { px: { xs: 1.5, sm: 2.5 } } }}
    >
      <FormTab label="Device" sx={{ maxWidth: '100%' }}>
        <FormProblems />
        {deactivated && <Deactivated />}
        <Locked locked={locked}>
          <DeviceFields create={create} />
        </Locked>
      </FormTab>
      <FormTab label="Configuration" path="configuration">
        <FormProblems />
        {deactivated && <Deactivated />}
        <ConfigurationTab create={create} locked={locked} />
      </FormTab>
      {!create && (
        <FormTab label="History" path="history">
          <FormDataConsumer>{() => <HistoryTab />}</FormDataConsumer>
        </FormTab>
      )}
    </TabbedForm>
  );
}

const newDevice = { name: '', mac_address: '', key: '', model: '', os: '', system: '', notes: '', config: null };

function Deactivated() {
  return (
    <Alert severity="info" sx={{ mb: 2, width: '100%' }}>
      <Typography variant="body2">
        This device is deactivated: it can be activated or deleted, but not changed.
      </Typography>
    </Alert>
  );
}
