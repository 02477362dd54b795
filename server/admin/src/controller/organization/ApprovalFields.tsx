// The choice of an organization to approve of devices before they are let in.
import { BooleanInput } from 'react-admin';
import { FormCard, useMayChange } from '../../forms/FormParts';

/** The field. */
export default function ApprovalFields() {
  return (
    <FormCard title="Approval of devices">
      <BooleanInput
        source="approval.approval_required"
        label="New devices wait until somebody approves of them"
        helperText="They are listed beside the devices, under Devices that wait. Devices that are known come back as ever."
        readOnly={!useMayChange('approval')}
      />
    </FormCard>
  );
}
