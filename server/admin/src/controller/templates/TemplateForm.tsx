// The form of a template, new or existing.
import DownloadIcon from '@mui/icons-material/DownloadOutlined';
import { Alert, Box, Button } from '@mui/material';
import {
  AutocompleteInput,
  BooleanInput,
  ReferenceInput,
  required,
  SelectInput,
  SimpleForm,
  TextArrayInput,
  TextInput,
  useRecordContext,
} from 'react-admin';
import { useWatch } from 'react-hook-form';
import { downloadPath } from '../paths';
import type { PreviewRequest, Template } from '../types';
import { backendChoices, defaultBackend } from '../backends';
import { CopyableText } from '../../design/Copyable';
import { Columns, FormProblems, FormToolbar, useMayChange } from '../../forms/FormParts';
import { OrganizationInput, useOffered, useSuperuser } from '../../tenancy/references';
import { ConfigEditor, useSchemas } from '../editor/ConfigEditor';
import { PreviewPane } from '../editor/PreviewPane';
import { usePreview } from '../editor/usePreview';
import { VariablesInput } from '../editor/VariablesInput';

/** The kinds of templates. */
export const templateTypes = [
  { id: 'generic', name: 'Generic' },
  { id: 'vpn', name: 'VPN-client' },
];

/** The values of the form: the template's, and its tags under the key they are written by. */
export type TemplateValues = Partial<Template> & { tag_names?: string[] };

/** What the API takes: tags by their writable key and only if changed, a VPN only with its type. */
export function templateBody(
  { tags: _tags, tag_names, created: _created, modified: _modified, ...rest }: TemplateValues,
  { previousData }: { previousData?: TemplateValues } = {},
): TemplateValues {
  const body: TemplateValues = { ...rest };
  if (tag_names && JSON.stringify(tag_names) !== JSON.stringify(previousData?.tags ?? [])) body.tag_names = tag_names;
  if (body.type !== 'vpn') {
    body.vpn = null;
    delete body.auto_cert;
  }
  if (body.required) body.default = true;
  return body;
}

function previewOf(values: TemplateValues): PreviewRequest | undefined {
  if (!values.backend) return undefined;
  return {
    backend: values.backend,
    config: values.config ?? {},
    templates: [],
    context: {},
    default_values: values.default_values ?? {},
    organization: values.organization || null,
    device: null,
  };
}

function VPNInputs({ locked }: { locked: boolean }) {
  const offered = useOffered('vpns');
  return (
    <>
      {offered ? (
        <ReferenceInput source="vpn" reference="vpns" perPage={50}>
          <AutocompleteInput helperText={false} optionText="name" filterToQuery={(q: string) => ({ q })} readOnly={locked} fullWidth />
        </ReferenceInput>
      ) : (
        <Alert severity="info">There are no VPN servers that you may see, so none can be chosen.</Alert>
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

function Contents({ create, locked }: { create: boolean; locked: boolean }) {
  const template = useRecordContext<Template>();
  const values = useWatch() as TemplateValues;
  const schemas = useSchemas();
  const preview = usePreview(previewOf(values));
  return (
    <Box
      sx={{
        display: 'grid',
        gap: 3,
        width: '100%',
        gridTemplateColumns: { xs: 'minmax(0,1fr)', lg: 'minmax(0,1.15fr) minmax(0,1fr)' },
        alignItems: 'start',
      }}
    >
      <Box sx={{ minWidth: 0 }}>
        <Columns>
          <TextInput helperText={false} source="name" validate={required()} readOnly={locked} fullWidth />
          <OrganizationInput source="organization" shareable readOnly={locked} />
          <SelectInput helperText={false} source="backend" choices={backendChoices(schemas.data)} validate={required()} readOnly={locked} fullWidth />
          <SelectInput helperText={false} source="type" choices={templateTypes} validate={required()} readOnly={locked} fullWidth />
          {values.type === 'vpn' && <VPNInputs locked={locked} />}
          <BooleanInput source="default" readOnly={locked} helperText="New devices get it; it can be removed from them" />
          <BooleanInput source="required" readOnly={locked} helperText="Every device has it; it cannot be removed" />
          <TextArrayInput
            source="tag_names"
            readOnly={locked}
            helperText="Devices that register with a tag get the templates of that tag"
            fullWidth
            sx={{ gridColumn: { md: '1 / -1' } }}
          />
        </Columns>
        <VariablesInput
          source="default_values"
          label="Default values"
          help="Values of variables for this preview and for devices that define none."
          disabled={locked}
        />
        <ConfigEditor source="config" backend={values.backend ?? ''} problem={preview.problem} disabled={locked} />
      </Box>
      {/* as tall as the form, so that the preview can follow it */}
      <Box sx={{ minWidth: 0, alignSelf: 'stretch', display: 'flex', flexDirection: 'column', gap: 1.5 }}>
        {!create && template && (
          <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 1, alignItems: 'center', justifyContent: 'space-between' }}>
            <CopyableText label="UUID" text={template.id} />
            <Button
              size="small"
              variant="outlined"
              startIcon={<DownloadIcon />}
              href={downloadPath('template', template.id)}
              download
            >
              Download configuration
            </Button>
          </Box>
        )}
        <PreviewPane state={preview} />
      </Box>
    </Box>
  );
}

/** The form. Shared templates can be changed by superusers only. */
export function TemplateForm({ create = false }: { create?: boolean }) {
  const template = useRecordContext<Template>();
  const change = useMayChange('templates');
  const superuser = useSuperuser();
  const sharedToOthers = !create && template !== undefined && !template.organization && !superuser;
  const locked = !create && (!change || sharedToOthers);
  return (
    <SimpleForm
      noValidate
      warnWhenUnsavedChanges
      toolbar={<FormToolbar create={create} locked={locked} loss="Devices that have it lose it, and get a configuration without it." />}
      defaultValues={(record?: Template) =>
        create
          ? { name: '', type: 'generic', backend: defaultBackend, default: false, required: false, tag_names: [], default_values: {}, config: {}, organization: superuser ? null : undefined }
          : { tag_names: record?.tags ?? [] }
      }
      sx={{ p: { xs: 1.5, sm: 2.5 } }}
    >
      <FormProblems />
      {sharedToOthers && (
        <Alert severity="info" sx={{ mb: 2, width: '100%' }}>
          This template is shared systemwide: only superusers can change it.
        </Alert>
      )}
      <Contents create={create} locked={locked} />
    </SimpleForm>
  );
}
