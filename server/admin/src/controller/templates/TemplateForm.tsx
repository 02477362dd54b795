// The form of a template, new or existing.
import { Alert } from '@mui/material';
import { useState } from 'react';
import {
  AutocompleteInput,
  BooleanInput,
  ReferenceInput,
  required,
  SelectInput,
  TextArrayInput,
  TextInput,
  useRecordContext,
  useResourceDefinitions,
} from 'react-admin';
import { useWatch } from 'react-hook-form';
import type { PreviewRequest, Template } from '../types';
import { backendChoices } from '../backends';
import { useText } from '../../design/useText';
import { Columns, FormCard, FormProblems, useMayChange } from '../../forms/FormParts';
import { useSuperuser } from '../../tenancy/managed';
import { ConfigEditor, useSchemas } from '../editor/ConfigEditor';
import { PreviewPane } from '../editor/PreviewPane';
import { usePreview } from '../editor/usePreview';
import { DeclaredVariables } from '../editor/DeclaredVariables';
import { VariablesInput } from '../editor/VariablesInput';
import { OwnerInput } from './OwnerInput';
import { WhoInput } from './WhoInput';

/** The kinds of templates. */
export const templateTypes = [
  { id: 'generic', name: 'Generic' },
  { id: 'vpn', name: 'VPN-client' },
  { id: 'cert', name: 'Certificate generator' },
];

/** The values of the form: the template's, and its tags under the key they are written by. */
export type TemplateValues = Partial<Template> & { tag_names?: string[] };

/** What the API takes: tags by their writable key and only if changed, a VPN and a CA only with their types. */
export function templateBody(
  { tags: _tags, tag_names, created: _created, modified: _modified, ...rest }: TemplateValues,
  { previousData }: { previousData?: TemplateValues } = {},
): TemplateValues {
  const body: TemplateValues = { ...rest };
  if (tag_names && JSON.stringify(tag_names) !== JSON.stringify(previousData?.tags ?? [])) body.tag_names = tag_names;
  if (body.type !== 'vpn') body.vpn = null;
  if (body.type !== 'cert') {
    delete body.ca;
    delete body.blueprint_cert;
  }
  if (body.type !== 'vpn' && body.type !== 'cert') delete body.auto_cert;
  if (body.required) body.default = true;
  return body;
}

/** What the form's values render to; undefined while they cannot be rendered. */
export function previewOf(values: TemplateValues): PreviewRequest | undefined {
  if (!values.backend) return undefined;
  return {
    backend: values.backend,
    config: values.config ?? {},
    templates: [],
    context: {},
    default_values: values.default_values ?? {},
    organization: values.organization || null,
    device: null,
    vpn: values.type === 'vpn' ? values.vpn || null : null,
  };
}

function VPNInputs({ locked }: { locked: boolean }) {
  // the server has VPN servers when the admin has pages of them
  const say = useText();
  const offered = useResourceDefinitions().vpns?.hasList ?? false;
  return (
    <>
      {offered ? (
        <ReferenceInput source="vpn" reference="vpns" perPage={50}>
          <AutocompleteInput helperText={false} optionText="name" filterToQuery={(q: string) => ({ q })} readOnly={locked} fullWidth />
        </ReferenceInput>
      ) : (
        <Alert severity="info">{say('There are no VPN servers that you may see, so none can be chosen.')}</Alert>
      )}
      <BooleanInput
        source="auto_cert"
        defaultValue
        readOnly={locked}
        helperText="Make the certificate, keys or address of each device automatically"
      />
    </>
  );
}

function CertificateInputs({ ca, locked }: { ca: number | null | undefined; locked: boolean }) {
  const say = useText();
  const offered = useResourceDefinitions().cas?.hasList ?? false;
  if (!offered) return <Alert severity="info">{say('There are no CAs that you may see, so none can be chosen.')}</Alert>;
  return (
    <>
      <ReferenceInput source="ca" reference="cas" perPage={50}>
        <AutocompleteInput label="CA" helperText="Each device gets a certificate of it, revoked when the template is taken away" optionText="name" filterToQuery={(q: string) => ({ q })} validate={required()} readOnly={locked} fullWidth />
      </ReferenceInput>
      {ca && (
        <ReferenceInput source="blueprint_cert" reference="certs" perPage={50} filter={{ ca, revoked: false }}>
          <AutocompleteInput label="Blueprint" helperText="Certificates are like this one; without one they are like the CA" optionText="name" filterToQuery={(q: string) => ({ q })} readOnly={locked} fullWidth />
        </ReferenceInput>
      )}
      <BooleanInput source="auto_cert" defaultValue readOnly={locked} helperText="Make the certificate of each device automatically" />
    </>
  );
}

function Contents({ locked }: { locked: boolean }) {
  const say = useText();
  const values = useWatch() as TemplateValues;
  const template = useRecordContext<Template>();
  // the schema names the backends there are; the usual ones are known without it, and it is large
  const [choosing, setChoosing] = useState(false);
  const schemas = useSchemas(choosing);
  const preview = usePreview(previewOf(values));
  return (
    <div className="w-editor">
      <div className="w-stack">
        <FormCard title="Template">
          <Columns>
            <TextInput helperText={false} source="name" validate={required()} readOnly={locked} fullWidth />
            <div className="t-in-columns">
              <OwnerInput source="organization" disabled={locked} />
            </div>
            <SelectInput helperText={false} source="backend" onFocus={() => setChoosing(true)} choices={backendChoices(schemas.data)} validate={required()} readOnly={locked} fullWidth />
            <SelectInput helperText={false} source="type" choices={templateTypes} validate={required()} readOnly={locked} fullWidth />
            {values.type === 'vpn' && <VPNInputs locked={locked} />}
            {values.type === 'cert' && <CertificateInputs ca={values.ca} locked={locked} />}
          </Columns>
        </FormCard>
        <FormCard title="Contents">
          <VariablesInput source="default_values" label={say('Default values')} help={say('Values of variables for this preview and for devices that define none.')} disabled={locked} />
          {template?.id && <DeclaredVariables of="template" id={template.id} locked={locked} />}
          <ConfigEditor source="config" backend={values.backend ?? ''} problem={preview.problem} disabled={locked} />
        </FormCard>
        <FormCard title="Notes">
          <TextInput source="notes" label={false} multiline minRows={2} readOnly={locked} helperText="For people: no configuration is made of them" slotProps={{ htmlInput: { 'aria-label': say('Notes') } }} fullWidth />
        </FormCard>
        <FormCard title="Which devices get it">
          <WhoInput disabled={locked} />
          <TextArrayInput source="tag_names" readOnly={locked} helperText="Devices that register with a tag get the templates of that tag" fullWidth />
        </FormCard>
      </div>
      <PreviewPane state={preview} />
    </div>
  );
}

/** Whether the page's template cannot be changed, and whether because it is shared. Superusers alone change shared ones. */
export function useTemplateLock(): { locked: boolean; shared: boolean } {
  const template = useRecordContext<Template>();
  const change = useMayChange('templates');
  const superuser = useSuperuser();
  const shared = template !== undefined && !template.organization && !superuser;
  return { locked: !change || shared, shared };
}

/** The contents of the form. */
export function TemplateForm({ create = false }: { create?: boolean }) {
  const { locked, shared } = useTemplateLock();
  const say = useText();
  return (
    <>
      <FormProblems />
      {!create && shared && (
        <Alert severity="info" sx={{ mb: 2, width: '100%' }}>
          {say('This template is for all organizations: only superusers can change it.')}
        </Alert>
      )}
      <Contents locked={!create && locked} />
    </>
  );
}
