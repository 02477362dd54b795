// The part of RADIUS in an organization's form.
import { IconButton, Tooltip } from '@mui/material';
import { RefreshCw } from 'lucide-react';
import { BooleanInput, TextInput } from 'react-admin';
import { useFormContext, useWatch } from 'react-hook-form';
import { SecretInput } from '../design/SecretInput';
import { useText } from '../design/useText';
import { Columns, FormCard, useMayChange } from '../forms/FormParts';
import { randomKey } from '../tenancy/organizations/naming';

function Token({ locked }: { locked: boolean }) {
  const say = useText();
  const { setValue } = useFormContext();
  const token = useWatch({ name: 'radius_settings.token' }) as string | null | undefined;
  if (token === null || token === undefined) return <p className="w-secondary">{say('The token is shown only to those who may change it.')}</p>;
  return (
    <SecretInput source="radius_settings.token" name="token of the RADIUS server" helperText="With the organization's id it lets a RADIUS server in" readOnly={locked}>
      {!locked && (
        <Tooltip title={say('Make a new one (saved with the form)')}>
          <IconButton size="small" aria-label={say('Make a new token')} onClick={() => setValue('radius_settings.token', randomKey(32), { shouldDirty: true })}>
            <RefreshCw size={16} />
          </IconButton>
        </Tooltip>
      )}
    </SecretInput>
  );
}

/** The fields of the settings. */
export default function SettingsFields() {
  const locked = !useMayChange('radius_settings');
  return (
    <FormCard title="RADIUS">
      <Token locked={locked} />
      <TextInput source="radius_settings.freeradius_allowed_hosts" helperText="Addresses and networks, separated by commas, without spaces" readOnly={locked} fullWidth />
      <BooleanInput source="radius_settings.mac_addr_roaming_enabled" helperText="Devices with an open session come in again without a password" readOnly={locked} />
      <BooleanInput source="radius_settings.needs_identity_verification" helperText={false} readOnly={locked} />
      <BooleanInput source="radius_settings.registration_enabled" helperText={false} readOnly={locked} />
      <BooleanInput
        source="radius_settings.social_registration_enabled"
        helperText="With providers that the settings of the server name"
        readOnly={locked}
      />
      <BooleanInput
        source="radius_settings.saml_registration_enabled"
        helperText="With the provider of SAML that the settings of the server name"
        readOnly={locked}
      />
      <BooleanInput source="radius_settings.coa_enabled" helperText="When somebody's group changes, or a limit is used up" readOnly={locked} />
      <BooleanInput source="radius_settings.sms_verification" helperText="Needs a sender" readOnly={locked} />
      <Columns>
        <TextInput source="radius_settings.sms_sender" helperText={false} readOnly={locked} fullWidth />
        <TextInput source="radius_settings.allowed_mobile_prefixes" helperText="Beginnings such as +39, separated by commas; empty: all" readOnly={locked} fullWidth />
      </Columns>
      <TextInput source="radius_settings.sms_message" helperText="{code} and {organization} are filled in" readOnly={locked} fullWidth />
      <Columns>
        <TextInput source="radius_settings.login_url" helperText={false} readOnly={locked} fullWidth />
        <TextInput source="radius_settings.status_url" helperText={false} readOnly={locked} fullWidth />
      </Columns>
    </FormCard>
  );
}
