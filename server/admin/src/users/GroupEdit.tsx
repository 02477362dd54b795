import { Edit, useRecordContext } from 'react-admin';
import type { Group } from '../api/types';
import { wholeObject } from '../app/FormParts';
import { GroupForm } from './GroupForm';

function Title() {
  const group = useRecordContext<Group>();
  return <span>{group?.name}</span>;
}

/** The page of a group. */
export default function GroupEdit() {
  return (
    <Edit {...wholeObject} title={<Title />} mutationMode="pessimistic" redirect={false}>
      <GroupForm />
    </Edit>
  );
}
