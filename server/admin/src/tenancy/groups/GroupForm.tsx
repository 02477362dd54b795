import { required, TextInput } from 'react-admin';
import { FormCard, FormProblems, Locked, useMayChange } from '../../forms/FormParts';
import { PermissionPicker } from './PermissionPicker';

/** The contents of the form of a group, new or existing: its name and what its members may do. */
export function GroupForm({ create = false }: { create?: boolean }) {
  const locked = !useMayChange('groups') && !create;
  return (
    <>
      <FormProblems />
      <div className="w-stack">
        <Locked locked={locked}>
          <div className="w-form">
            <FormCard title="Group">
              <TextInput helperText={false} source="name" validate={required()} fullWidth />
            </FormCard>
          </div>
        </Locked>
        {/* not inside the locked part: its search is for those who only look, too */}
        <FormCard title="What its members may do">
          <PermissionPicker source="permissions" locked={locked} />
        </FormCard>
      </div>
    </>
  );
}
