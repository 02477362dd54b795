// The page of a group of devices.
import { useCreatePath, useRecordContext } from 'react-admin';
import { useWatch } from 'react-hook-form';
import { Moment } from '../../design/Moment';
import { MoreMenu } from '../../design/MoreMenu';
import { ObjectHeader } from '../../design/ObjectHeader';
import { useText } from '../../design/useText';
import { EditPage } from '../../forms/EditPage';
import { FormToolbar, useDeletion, useMayChange } from '../../forms/FormParts';
import { Reference } from '../../lists/Reference';
import { devicesOf } from '../devices/deletable';
import type { DeviceGroup } from '../types';
import { DevicesIn } from './DevicesIn';
import { GroupForm } from './GroupForm';

/** What the form may change. */
export function changedGroup({ organization, name, description, templates, context, meta_data }: Partial<DeviceGroup>): Partial<DeviceGroup> {
  return { organization, name, description: description ?? '', templates: templates ?? [], context, meta_data };
}

function Header({ group }: { group: DeviceGroup }) {
  const say = useText();
  const createPath = useCreatePath();
  const deletion = useDeletion('group', group.name, group.devices ? say('%{devices} are in no group then, and keep their templates.', { devices: devicesOf(group.devices) }) : say('No device is in it.'));
  return (
    <>
      <ObjectHeader
        title={group.name}
        above={{ label: 'Device groups', to: createPath({ resource: 'devicegroups', type: 'list' }) }}
        actions={<MoreMenu label="More about this group" actions={deletion.action ? [deletion.action] : []} />}
        facts={
          <>
            <span>
              <Reference resource="organizations" id={group.organization} />
            </span>
            <span>
              <DevicesIn group={group.id} count={group.devices ?? 0} />
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

/** What of a group is in the configuration of devices. */
const contents = ['templates', 'context'] as const;

function Bar() {
  const say = useText();
  const group = useRecordContext<DeviceGroup>();
  const values = useWatch() as Partial<DeviceGroup>;
  const touches = contents.some((key) => JSON.stringify(values[key]) !== JSON.stringify(group?.[key]));
  return <FormToolbar locked={!useMayChange('devicegroups')} verb={group?.devices && touches ? say('Apply to %{devices}', { devices: devicesOf(group.devices) }) : say('Save')} />;
}

/** The page. */
export default function GroupEdit() {
  return (
    <EditPage<DeviceGroup> what="group" transform={changedGroup} header={(group) => <Header group={group} />} bar={<Bar />}>
      <GroupForm />
    </EditPage>
  );
}
