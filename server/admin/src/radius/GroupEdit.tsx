// The page of a group: what it is called, what its members may use, what they are told.
import { useCreatePath, useRecordContext } from 'react-admin';
import { Moment } from '../design/Moment';
import { MoreMenu } from '../design/MoreMenu';
import { ObjectHeader } from '../design/ObjectHeader';
import { useText } from '../design/useText';
import { EditPage } from '../forms/EditPage';
import { FormToolbar, useDeletion, useMayChange } from '../forms/FormParts';
import { Reference } from '../lists/Reference';
import { Attributes } from './Attributes';
import { GroupForm } from './GroupForm';
import type { RadiusGroup } from './types';

/** What the form may change. */
export function changedGroup(group: Partial<RadiusGroup>): Partial<RadiusGroup> {
  return { name: group.name, description: group.description, default: group.default };
}

function Header({ group }: { group: RadiusGroup }) {
  const say = useText();
  const createPath = useCreatePath();
  const deletion = useDeletion('group', group.name, 'Its limits are deleted too. Its members have no limits any more, unless they are in another group.');
  return (
    <>
      <ObjectHeader
        title={group.name}
        above={{ label: 'RADIUS groups', to: createPath({ resource: 'radiusgroups', type: 'list' }) }}
        actions={<MoreMenu label="More about this group" actions={deletion.action ? [deletion.action] : []} />}
        facts={
          <>
            <span>{group.default ? say('For new members') : say('For chosen members')}</span>
            <span>
              <Reference resource="organizations" id={group.organization} />
            </span>
            <span>
              {say('Changed')}{' '}<Moment at={group.modified} />
            </span>
          </>
        }
      />
      {deletion.question}
    </>
  );
}

function Page() {
  const group = useRecordContext<RadiusGroup>();
  if (!group) return null;
  return (
    <div className="w-stack w-form">
      <GroupForm />
      <Attributes group={group.id} kind="check" />
      <Attributes group={group.id} kind="reply" />
    </div>
  );
}

function Bar() {
  return <FormToolbar locked={!useMayChange('radiusgroups')} />;
}

/** The page. */
export default function GroupEdit() {
  return (
    <EditPage<RadiusGroup> what="group" transform={changedGroup} header={(group) => <Header group={group} />} bar={<Bar />}>
      <Page />
    </EditPage>
  );
}
