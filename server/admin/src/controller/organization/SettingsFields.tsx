// The controller's part of an organization's form: registration, shared secret, variables.
import { IconButton, Tooltip, Typography } from '@mui/material';
import { RefreshCw } from 'lucide-react';
import { BooleanInput, useRecordContext } from 'react-admin';
import { useFormContext, useWatch } from 'react-hook-form';
import { randomKey } from '../../tenancy/organizations/naming';
import { FormCard, useMayChange } from '../../forms/FormParts';
import { SecretInput } from '../../design/SecretInput';
import { useText } from '../../design/useText';
import { DeclaredVariables } from '../editor/DeclaredVariables';
import { VariablesInput } from '../editor/VariablesInput';
import { VariableReport } from './VariableReport';

function SharedSecret({ locked }: { locked: boolean }) {
  const say = useText();
  const { setValue } = useFormContext();
  const secret = useWatch({ name: 'settings.shared_secret' }) as string | null | undefined;
  if (secret === null || secret === undefined) {
    return (
      <Typography variant="body2" color="text.secondary">
        {say('The shared secret is shown only to those who may change it.')}
      </Typography>
    );
  }
  return (
    <SecretInput source="settings.shared_secret" name="shared secret" helperText="Devices register with it" readOnly={locked}>
      {!locked && (
        <Tooltip title={say('Make a new one (saved with the form)')}>
          <IconButton
            size="small"
            aria-label={say('Make a new shared secret')}
            onClick={() => setValue('settings.shared_secret', randomKey(32), { shouldDirty: true })}
          >
            <RefreshCw size={16} />
          </IconButton>
        </Tooltip>
      )}
    </SecretInput>
  );
}

/** The fields of the settings. */
export default function SettingsFields() {
  const locked = !useMayChange('settings');
  const organization = useRecordContext();
  return (
    <FormCard title="Configuration management">
      <BooleanInput helperText={false} source="settings.registration_enabled" readOnly={locked} />
      <SharedSecret locked={locked} />
      <VariablesInput
        source="settings.context"
        label="Variables"
        help="In the configuration of every device of the organization; groups and devices may override them."
        disabled={locked}
      />
      {organization && <DeclaredVariables of="organization" id={String(organization.id)} locked={locked} />}
      {organization && <VariableReport organization={String(organization.id)} />}
    </FormCard>
  );
}
