import { required, SimpleForm, TextInput } from 'react-admin';
import { FormProblems, FormToolbar, Locked, useMayChange } from '../../forms/FormParts';
import { PermissionPicker } from './PermissionPicker';

/** The form of a group, new or existing: its name and what its members may do. */
export function GroupForm({ create = false }: { create?: boolean }) {
  const locked = !useMayChange('groups') && !create;
  return (
    <SimpleForm
      noValidate
      warnWhenUnsavedChanges
      toolbar={<FormToolbar create={create} locked={locked} loss="Its members lose what it lets them do." />}
      defaultValues={create ? { name: '', permissions: [] } : undefined}
      sx={{ p: { xs: 1.5, sm: 2.5 } }}
    >
      <FormProblems />
      <Locked locked={locked}>
        <TextInput helperText={false} source="name" validate={required()} sx={{ maxWidth: 420 }} fullWidth />
      </Locked>
      {/* not inside the locked part: its search is for those who only look, too */}
      <PermissionPicker source="permissions" locked={locked} />
    </SimpleForm>
  );
}
