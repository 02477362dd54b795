// The form of a build.
import { AutocompleteInput, ReferenceInput, required, TextInput } from 'react-admin';
import { FormCard, FormProblems } from '../forms/FormParts';
import type { Build } from './types';

/** What the form may change. */
export function changedBuild({ version, os, changelog, category }: Partial<Build>): Partial<Build> {
  return { version, os: os ?? '', changelog: changelog ?? '', category };
}

/** The inputs. */
export function BuildForm({ locked = false }: { locked?: boolean }) {
  return (
    <FormCard title="Build">
      <FormProblems />
      <ReferenceInput source="category" reference="firmwarecategories" sort={{ field: 'name', order: 'ASC' }} perPage={50}>
        <AutocompleteInput optionText="name" filterToQuery={(q: string) => ({ q })} validate={required()} readOnly={locked} helperText={false} fullWidth />
      </ReferenceInput>
      <TextInput source="version" validate={required()} readOnly={locked} helperText="25.12.1, say" fullWidth />
      <TextInput source="os" readOnly={locked} helperText="What devices that run it call their system: OpenWrt 25.12.1 r1234. By it running builds are detected and upgrades verified" parse={(value: string) => value ?? ''} fullWidth />
      <TextInput source="changelog" readOnly={locked} helperText={false} multiline minRows={3} fullWidth />
    </FormCard>
  );
}
