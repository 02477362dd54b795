// The page of a template: how many devices have it stands in its header and on the button that saves.
import { Copy, Download } from 'lucide-react';
import { useCreatePath, useRecordContext, useRedirect, useResourceContext } from 'react-admin';
import { useWatch } from 'react-hook-form';
import { Moment } from '../../design/Moment';
import { MoreMenu } from '../../design/MoreMenu';
import { ObjectHeader } from '../../design/ObjectHeader';
import { EditPage } from '../../forms/EditPage';
import { FormToolbar, useDeletion } from '../../forms/FormParts';
import { Reference } from '../../lists/Reference';
import { Aftermath } from '../Aftermath';
import { backendLabel } from '../backends';
import { useText } from '../../design/useText';
import { downloadPath } from '../paths';
import type { Template } from '../types';
import { TemplateForm, templateBody, type TemplateValues, useTemplateLock } from './TemplateForm';
import { UsedBy, useUsers } from './UsedBy';

function Header({ template }: { template: Template }) {
  const resource = useResourceContext();
  const createPath = useCreatePath();
  const redirect = useRedirect();
  const say = useText();
  const users = useUsers(template.id);
  const { id: _id, created: _created, modified: _modified, devices: _devices, broken_configurations: _broken, ...copied } = template;
  const clone = () => redirect('create', resource, undefined, undefined, { record: { ...copied, name: `${template.name} (copy)`, tag_names: template.tags } });
  const deletion = useDeletion('template', template.name, users ? say('%{smart_count} device that has it gets a configuration without it. |||| %{smart_count} devices that have it get a configuration without it.', { smart_count: users }) : say('No device has it.'));
  return (
    <>
      <ObjectHeader
        title={template.name}
        above={{ label: 'Templates', to: createPath({ resource, type: 'list' }) }}
        actions={
          <MoreMenu
            label="More about this template"
            actions={[
              { label: 'Clone', icon: Copy, onDo: clone },
              { label: 'Download configuration', icon: Download, href: downloadPath('template', template.id) },
              ...(deletion.action ? [deletion.action] : []),
            ]}
          />
        }
        facts={
          <>
            <span>
              <Reference resource="organizations" id={template.organization} none="All organizations" />
            </span>
            <span>{backendLabel(template.backend)}</span>
            {(template.required || template.default) && <span>{say(template.required ? 'Required' : 'Default')}</span>}
            <span>
              <UsedBy template={template.id} count={users ?? template.devices ?? 0} />
            </span>
            <span>
              {say('Changed')} <Moment at={template.modified} />
            </span>
          </>
        }
      />
      {deletion.question}
    </>
  );
}

/** What of a template is in the configuration of devices. */
const contents = ['config', 'default_values', 'vpn', 'ca', 'blueprint_cert', 'auto_cert'] as const;

function Bar() {
  const template = useRecordContext<Template>();
  const users = useUsers(template?.id);
  const say = useText();
  const { locked } = useTemplateLock();
  const values = useWatch() as TemplateValues;
  // only what devices get from it changes them: not its name, nor who gets it
  const touches = contents.some((key) => JSON.stringify(values[key]) !== JSON.stringify(template?.[key]));
  return <FormToolbar locked={locked} verb={users && touches ? say('Apply to %{smart_count} device |||| Apply to %{smart_count} devices', { smart_count: users }) : say('Save')} />;
}

/** The page. */
export default function TemplateEdit() {
  return (
    <EditPage<Template> what="template" transform={templateBody} defaultValues={({ tags }) => ({ tag_names: tags ?? [] })} header={(template) => <Header template={template} />} bar={<Bar />} aftermath={({ broken_configurations }) => <Aftermath broken={broken_configurations} />}>
      <TemplateForm />
    </EditPage>
  );
}
