// The page of a template: how many devices have it stands in its header and on the button that saves.
import { Copy, Download } from 'lucide-react';
import { useCreatePath, useRecordContext, useRedirect, useResourceContext } from 'react-admin';
import { Moment } from '../../design/Moment';
import { MoreMenu } from '../../design/MoreMenu';
import { ObjectHeader } from '../../design/ObjectHeader';
import { EditPage } from '../../forms/EditPage';
import { FormToolbar, useDeletion } from '../../forms/FormParts';
import { Reference } from '../../lists/Reference';
import { backendLabel } from '../backends';
import { devicesOf } from '../devices/deletable';
import { downloadPath } from '../paths';
import type { Template } from '../types';
import { TemplateForm, templateBody, useTemplateLock } from './TemplateForm';
import { UsedBy, useUsers } from './UsedBy';

function Header({ template }: { template: Template }) {
  const resource = useResourceContext();
  const createPath = useCreatePath();
  const redirect = useRedirect();
  const users = useUsers(template.id);
  const { id: _id, created: _created, modified: _modified, ...copied } = template;
  const clone = () => redirect('create', resource, undefined, undefined, { record: { ...copied, name: `${template.name} (copy)`, tag_names: template.tags } });
  const deletion = useDeletion('template', template.name, users ? `${devicesOf(users)} that have it get a configuration without it.` : 'No device has it.');
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
            {(template.required || template.default) && <span>{template.required ? 'Required' : 'Default'}</span>}
            <span>
              <UsedBy template={template.id} />
            </span>
            <span>
              Changed <Moment at={template.modified} />
            </span>
          </>
        }
      />
      {deletion.question}
    </>
  );
}

function Bar() {
  const template = useRecordContext<Template>();
  const users = useUsers(template?.id);
  const { locked } = useTemplateLock();
  return <FormToolbar locked={locked} verb={users ? `Save and change ${devicesOf(users)}` : 'Save'} />;
}

/** The page. */
export default function TemplateEdit() {
  return (
    <EditPage<Template> what="template" transform={templateBody} defaultValues={({ tags }) => ({ tag_names: tags ?? [] })} header={(template) => <Header template={template} />} bar={<Bar />}>
      <TemplateForm />
    </EditPage>
  );
}
