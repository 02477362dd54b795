// The page of a group.
import { useCreatePath, useResourceContext } from 'react-admin';
import { MoreMenu } from '../../design/MoreMenu';
import { ObjectHeader } from '../../design/ObjectHeader';
import { EditPage } from '../../forms/EditPage';
import { FormToolbar, useDeletion, useMayChange } from '../../forms/FormParts';
import type { Group } from '../types';
import { GroupForm } from './GroupForm';

function Header({ group }: { group: Group }) {
  const resource = useResourceContext();
  const createPath = useCreatePath();
  const deletion = useDeletion('group', group.name, 'Its members lose what it lets them do.');
  return (
    <>
      <ObjectHeader
        title={group.name}
        above={{ label: 'Groups', to: createPath({ resource, type: 'list' }) }}
        actions={<MoreMenu label="More about this group" actions={deletion.action ? [deletion.action] : []} />}
      />
      {deletion.question}
    </>
  );
}

function Bar() {
  return <FormToolbar locked={!useMayChange('groups')} />;
}

/** The page. */
export default function GroupEdit() {
  return (
    <EditPage<Group> what="group" header={(group) => <Header group={group} />} bar={<Bar />}>
      <GroupForm />
    </EditPage>
  );
}
