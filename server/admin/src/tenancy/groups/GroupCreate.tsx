import { Create } from 'react-admin';
import { GroupForm } from './GroupForm';

/** The page that adds a group. */
export default function GroupCreate() {
  return (
    <Create redirect="edit">
      <GroupForm create />
    </Create>
  );
}
