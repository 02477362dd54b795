import { Edit, useRecordContext } from 'react-admin';
import type { Group } from '../types';
import { wholeObject } from '../../forms/FormParts';
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
