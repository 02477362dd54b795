// The page that adds a group of devices.
import { CreatePage } from '../../forms/EditPage';
import { FormToolbar } from '../../forms/FormParts';
import { GroupForm } from './GroupForm';

/** The page. */
export default function GroupCreate() {
  return (
    <CreatePage title="Add a device group" list="Device groups" defaultValues={{ name: '', description: '', templates: [], context: {}, meta_data: {} }} bar={<FormToolbar create verb="Add group" />}>
      <GroupForm create />
    </CreatePage>
  );
}
