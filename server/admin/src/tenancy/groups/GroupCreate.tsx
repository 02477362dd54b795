// The page that adds a group.
import { CreatePage } from '../../forms/EditPage';
import { FormToolbar } from '../../forms/FormParts';
import { GroupForm } from './GroupForm';

/** The page. */
export default function GroupCreate() {
  return (
    <CreatePage title="Create a group" list="Groups" defaultValues={{ name: '', permissions: [] }} bar={<FormToolbar create verb="Create group" />}>
      <GroupForm create />
    </CreatePage>
  );
}
