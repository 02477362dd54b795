// The form of an organization, with what the controller keeps for it.
import RenewIcon from '@mui/icons-material/Autorenew';
import { Box, Divider, IconButton, Tooltip, Typography } from '@mui/material';
import { BooleanInput, email, required, SimpleForm, TextInput, useRecordContext } from 'react-admin';
import { useFormContext, useWatch } from 'react-hook-form';
import type { Organization, OrganizationSettings } from '../api/types';
import { CopyableText } from '../app/Copyable';
import { Columns, FormProblems, FormToolbar, Locked, useMayChange } from '../app/FormParts';
import { SecretInput } from '../app/SecretInput';
import { VariablesInput } from '../editor/VariablesInput';
import { randomKey, slugOf } from './naming';

type WithSettings = Organization & { settings?: OrganizationSettings };

// The slug follows the name until somebody writes another one.
function NameAndSlug({ create }: { create: boolean }) {
  const { setValue, getValues } = useFormContext();
  return (
    <>
      <TextInput helperText={false}
        source="name"
        validate={required()}
        onChange={(event: { target?: { value?: string } } | string) => {
          if (!create) return;
          const before = String(getValues('name') ?? '');
          const slug = String(getValues('slug') ?? '');
          const name = typeof event === 'string' ? event : (event.target?.value ?? '');
          if (slug === '' || slug === slugOf(before) || slug === slugOf(name)) setValue('slug', slugOf(name));
        }}
        fullWidth
      />
      <TextInput helperText={false} source="slug" validate={required()} fullWidth />
    </>
  );
}

function SharedSecret({ locked }: { locked: boolean }) {
  const { setValue } = useFormContext();
  const secret = useWatch({ name: 'settings.shared_secret' }) as string | null | undefined;
  if (secret === null || secret === undefined) {
    return (
      <Typography variant="body2" color="text.secondary">
        The shared secret is shown only to those who may change it.
      </Typography>
    );
  }
  return (
    <SecretInput source="settings.shared_secret" name="shared secret" helperText="Devices register with it" readOnly={locked}>
      {!locked && (
        <Tooltip title="Make a new one (saved with the form)">
          <IconButton
            size="small"
            aria-label="Make a new shared secret"
            onClick={() => setValue('settings.shared_secret', randomKey(32), { shouldDirty: true })}
          >
            <RenewIcon fontSize="small" />
          </IconButton>
        </Tooltip>
      )}
    </SecretInput>
  );
}

function ControllerSettings() {
  const locked = !useMayChange('settings');
  return (
    <Box sx={{ width: '100%', mt: 2 }}>
      <Divider sx={{ mb: 2 }} />
      <Typography variant="h6" component="h2" sx={{ mb: 1 }}>
        Configuration management
      </Typography>
      <Columns>
        <BooleanInput helperText={false} source="settings.registration_enabled" readOnly={locked} />
        <SharedSecret locked={locked} />
      </Columns>
      <VariablesInput
        source="settings.context"
        label="Variables"
        help="Available in the configuration of every device of the organization; groups and devices may override them."
        disabled={locked}
      />
    </Box>
  );
}

/** The form of an organization, new or existing. */
export function OrganizationForm({ create = false }: { create?: boolean }) {
  const organization = useRecordContext<WithSettings>();
  const change = useMayChange('organizations');
  const changeSettings = useMayChange('settings');
  const locked = !create && !change;
  return (
    <SimpleForm
      noValidate
      warnWhenUnsavedChanges
      toolbar={
        <FormToolbar
          create={create}
          locked={locked && !changeSettings}
          loss="Its devices, templates and memberships are deleted with it."
        />
      }
      defaultValues={create ? { name: '', slug: '', is_active: true, description: '', email: '', url: '' } : undefined}
      sx={{ p: { xs: 1.5, sm: 2.5 } }}
    >
      <FormProblems />
      <Locked locked={locked}>
        <Columns>
          <NameAndSlug create={create} />
          <TextInput helperText={false} source="email" validate={email()} fullWidth />
          <TextInput helperText={false} source="url" fullWidth />
          <TextInput helperText={false} source="description" multiline minRows={2} fullWidth />
          <Box>
            <BooleanInput source="is_active" helperText="Members and devices of an inactive organization lose access" />
            {!create && <CopyableText label="UUID" text={organization?.id} />}
          </Box>
        </Columns>
      </Locked>
      {!create && organization?.settings && <ControllerSettings />}
    </SimpleForm>
  );
}
