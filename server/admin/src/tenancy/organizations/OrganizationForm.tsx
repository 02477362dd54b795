// The form of an organization, with what the controller keeps for it.
import { BooleanInput, email, required, TextInput, useRecordContext } from 'react-admin';
import { useFormContext } from 'react-hook-form';
import type { Organization } from '../types';
import { CopyableText } from '../../design/Copyable';
import { FormCard, FormProblems, Locked, useMayChange } from '../../forms/FormParts';
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

/** The contents of the form of an organization, new or existing. */
export function OrganizationForm({ create = false }: { create?: boolean }) {
  const organization = useRecordContext<Organization>();
  const change = useMayChange('organizations');
  return (
    <>
      <FormProblems />
      <div className="w-stack w-form">
        <Locked locked={!create && !change}>
          <FormCard title="Organization">
            <NameAndSlug create={create} />
            <BooleanInput source="is_active" helperText="Members and devices of an organization that is not active have no access" />
            <TextInput helperText={false} source="email" validate={email()} fullWidth />
            <TextInput helperText={false} source="url" fullWidth />
            <TextInput helperText={false} source="description" multiline minRows={2} fullWidth />
          </FormCard>
        </Locked>
        {!create && organization && <ExtensionFields of="organizations" record={organization} />}
        {!create && (
          <FormCard title="For scripts">
            <CopyableText label="UUID" text={organization?.id} />
          </FormCard>
        )}
      </div>
    </>
  );
}
