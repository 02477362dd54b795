// The configuration of a device: backend, templates, variables, the configuration itself, and what comes out of it.
import ExpandIcon from '@mui/icons-material/ExpandMore';
import {
  Accordion,
  AccordionDetails,
  AccordionSummary,
  Alert,
  Box,
  Button,
  CircularProgress,
  Typography,
} from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { SelectInput, useDataProvider, useRecordContext } from 'react-admin';
import { useFormContext, useWatch } from 'react-hook-form';
import type { ControllerProvider } from '../operations';
import { FormCard } from '../../forms/FormParts';
import type { Device, PreviewRequest } from '../types';
import type { JSONObject } from '../../api/types';
import { backendChoices, emptyConfig } from '../backends';
import { ConfigEditor, useSchemas } from '../editor/ConfigEditor';
import { PreviewPane } from '../editor/PreviewPane';
import { usePreview } from '../editor/usePreview';
import { VariablesInput } from '../editor/VariablesInput';
import { TemplatesInput } from './TemplatesInput';

/** What the form's values render to; undefined while they cannot be rendered. */
function previewOf(values: Partial<Device>, device: Device | undefined): PreviewRequest | undefined {
  const { config, organization, name, mac_address } = values;
  if (!config?.backend) return undefined;
  return {
    backend: config.backend,
    config: config.config ?? {},
    templates: config.templates ?? [],
    context: config.context ?? {},
    organization: organization || null,
    device: device?.id ?? null,
    name: name ?? '',
    mac_address: mac_address ?? '',
  };
}

/** The variables the system defines for the device, by name. */
function SystemVariables({ device }: { device: string }) {
  const provider = useDataProvider<ControllerProvider>();
  const { data, error, isPending } = useQuery({
    queryKey: ['devices', 'context', device],
    queryFn: () => provider.context(device),
  });
  return (
    <Accordion variant="outlined" disableGutters sx={{ mb: 2, '&::before': { display: 'none' } }}>
      <AccordionSummary expandIcon={<ExpandIcon />}>
        <span className="w-medium">System defined variables</span>
      </AccordionSummary>
      <AccordionDetails sx={{ overflow: 'auto' }}>
        {isPending && <CircularProgress size={20} />}
        {error && <Alert severity="warning">{error.message}</Alert>}
        {data && (
          <Box component="dl" sx={{ m: 0, display: 'grid', gridTemplateColumns: 'max-content minmax(0,1fr)', columnGap: 2, rowGap: 0.25 }}>
            {Object.entries(data.system as JSONObject).map(([name, value]) => (
              <Box key={name} sx={{ display: 'contents', fontFamily: 'monospace', fontSize: 13 }}>
                <Box component="dt" sx={{ color: 'text.secondary' }}>
                  {name}
                </Box>
                <Box component="dd" sx={{ m: 0, overflowWrap: 'anywhere' }}>
                  {typeof value === 'string' ? value : JSON.stringify(value)}
                </Box>
              </Box>
            ))}
          </Box>
        )}
      </AccordionDetails>
    </Accordion>
  );
}

/** The contents of the configuration tab. */
export function ConfigurationTab({ create, locked }: { create: boolean; locked: boolean }) {
  const device = useRecordContext<Device>();
  const { setValue } = useFormContext();
  const values = useWatch() as Partial<Device>;
  const schemas = useSchemas();
  const preview = usePreview(previewOf(values, device));

  if (!values.config) {
    return (
      <Box sx={{ py: 3, width: '100%', textAlign: 'center' }}>
        <Typography sx={{ mb: 1.5 }}>This device has no configuration: it keeps what it has.</Typography>
        {!locked && (
          <Button variant="contained" onClick={() => setValue('config', emptyConfig, { shouldDirty: true })}>
            Add configuration
          </Button>
        )}
      </Box>
    );
  }
  return (
    <div className="w-editor">
      <div className="w-stack">
        <FormCard title="Made of" note="later wins">
          <SelectInput helperText={false} source="config.backend" label="Backend" choices={backendChoices(schemas.data)} isRequired readOnly={locked} fullWidth />
          <TemplatesInput source="config.templates" backend={values.config.backend} organization={values.organization || undefined} preselect={create} disabled={locked} />
        </FormCard>
        <FormCard title="This device">
          <ConfigEditor source="config.config" backend={values.config.backend} problem={preview.problem} disabled={locked} />
        </FormCard>
        <FormCard title="Variables">
          <VariablesInput source="config.context" label="Of this device" help="Used in the configuration and in templates as {{ name }}." disabled={locked} />
          {device && !create && <SystemVariables device={device.id} />}
        </FormCard>
      </div>
      <PreviewPane state={preview} />
    </div>
  );
}
