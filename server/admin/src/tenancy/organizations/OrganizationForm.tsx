// The form of an organization, with what the controller keeps for it.
import { Box } from '@mui/material';
import { BooleanInput, email, required, SimpleForm, TextInput, useRecordContext } from 'react-admin';
import { useFormContext } from 'react-hook-form';
import type { Organization } from '../types';
import { CopyableText } from '../../design/Copyable';
import { Columns, FormProblems, FormToolbar, Locked, useMayChange } from '../../forms/FormParts';
import { ExtensionFields } from '../../forms/Extensions';
import { slugOf } from './naming';

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

/** The form of an organization, new or existing. */
export function OrganizationForm({ create = false }: { create?: boolean }) {
  const organization = useRecordContext<Organization>();
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
      {!create && organization && <ExtensionFields of="organizations" record={organization} />}
    </SimpleForm>
  );
}
