// The configuration of a device: backend, templates, variables, the configuration itself, and what comes out of it.
import ExpandIcon from '@mui/icons-material/ExpandMore';
import {
  Accordion,
  AccordionDetails,
  AccordionSummary,
  Box,
  Button,
  Typography,
} from '@mui/material';
import { useState } from 'react';
import { SelectInput, useRecordContext } from 'react-admin';
import { useFormContext, useWatch } from 'react-hook-form';
import { useText } from '../../design/useText';
import { FormCard } from '../../forms/FormParts';
import type { Device, PreviewRequest } from '../types';
import { backendChoices, emptyConfig } from '../backends';
import { ConfigEditor, useSchemas } from '../editor/ConfigEditor';
import { PreviewPane, type PreviewMode } from '../editor/PreviewPane';
import { usePreview } from '../editor/usePreview';
import { DeclaredVariables } from '../editor/DeclaredVariables';
import { VariablesInput } from '../editor/VariablesInput';
import { OriginsTable } from './OriginsTable';
import { TemplatesInput } from './TemplatesInput';

/** What the form's values render to; undefined while they cannot be rendered. */
function previewOf(values: Partial<Device>, device: Device | undefined, explain: boolean): PreviewRequest | undefined {
  const { config, organization, name, mac_address, group } = values;
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
    group: group || null,
    ...(explain ? { explain } : {}),
  };
}

/** The variables of the device with where they come from. */
function AllVariables({ device }: { device: string }) {
  const say = useText();
  const [open, setOpen] = useState(false);
  return (
    <Accordion variant="outlined" disableGutters expanded={open} onChange={(_, next) => setOpen(next)} sx={{ mb: 2, '&::before': { display: 'none' } }}>
      <AccordionSummary expandIcon={<ExpandIcon />}>
        <span className="w-medium">{say('All variables, and where they come from')}</span>
      </AccordionSummary>
      <AccordionDetails sx={{ overflow: 'auto' }}>{open && <OriginsTable device={device} />}</AccordionDetails>
    </Accordion>
  );
}

/** The contents of the configuration tab. */
export function ConfigurationTab({ create, locked }: { create: boolean; locked: boolean }) {
  const device = useRecordContext<Device>();
  const { setValue } = useFormContext();
  const values = useWatch() as Partial<Device>;
  const say = useText();
  const schemas = useSchemas();
  const [mode, setMode] = useState<PreviewMode>('text');
  const preview = usePreview(previewOf(values, device, mode !== 'text'));

  if (!values.config) {
    return (
      <Box sx={{ py: 3, width: '100%', textAlign: 'center' }}>
        <Typography sx={{ mb: 1.5 }}>{say('This device has no configuration: it keeps what it has.')}</Typography>
        {!locked && (
          <Button variant="contained" onClick={() => setValue('config', emptyConfig, { shouldDirty: true })}>
            {say('Add configuration')}
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
          <VariablesInput source="config.context" label={say('Of this device')} help={say('Used in the configuration and in templates as {{ name }}.')} disabled={locked} />
          {device && !create && <DeclaredVariables of="device" id={device.id} locked={locked} />}
          {device && !create && <AllVariables device={device.id} />}
        </FormCard>
      </div>
      <PreviewPane state={preview} mode={mode} onMode={setMode} known={device !== undefined && !create} />
    </div>
  );
}
