// The page that adds a group.
import { CreatePage } from '../forms/EditPage';
import { FormToolbar } from '../forms/FormParts';
import { GroupForm } from './GroupForm';

/** The page. */
export default function GroupCreate() {
  return (
    <CreatePage title="Add a group" list="RADIUS groups" defaultValues={{ name: '', description: '', default: false }} bar={<FormToolbar create verb="Add group" />}>
      <div className="w-stack w-form">
        <GroupForm create />
      </div>
    </CreatePage>
  );
}
