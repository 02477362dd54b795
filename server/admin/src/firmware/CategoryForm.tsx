// The form of a category.
import { required, TextInput } from 'react-admin';
import { FormCard, FormProblems } from '../forms/FormParts';
import { OrganizationInput } from '../tenancy/references';
import type { Category } from './types';

/** What the form may change. */
export function changedCategory({ name, description, organization }: Partial<Category>): Partial<Category> {
  return { name, description, organization: organization || null };
}

/** The inputs. */
export function CategoryForm({ locked = false }: { locked?: boolean }) {
  return (
    <FormCard title="Category">
      <FormProblems />
      <TextInput source="name" validate={required()} readOnly={locked} helperText="Builds of one purpose: access points of the lobby, say" fullWidth />
      <OrganizationInput source="organization" shareable readOnly={locked} />
      <TextInput source="description" readOnly={locked} helperText={false} multiline minRows={2} fullWidth />
    </FormCard>
  );
}
