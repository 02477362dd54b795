// An existing device: its form and what can be done with it.
import ActivateIcon from '@mui/icons-material/PlayArrowOutlined';
import DeactivateIcon from '@mui/icons-material/PauseOutlined';
import DeleteIcon from '@mui/icons-material/DeleteOutline';
import { Alert, Box, Button, Checkbox, FormControlLabel, Typography } from '@mui/material';
import { useState } from 'react';
import {
  Confirm,
  Edit,
  TopToolbar,
  useCanAccess,
  useDataProvider,
  useNotify,
  useRecordContext,
  useRedirect,
  useRefresh,
} from 'react-admin';
import type { ControllerProvider } from '../operations';
import type { Device } from '../types';
import { wholeObject } from '../../forms/FormParts';
import { statusOf } from './status';
import { StatusChip } from './StatusChip';
import { deletable } from './BulkActions';
import { DeviceForm } from './DeviceForm';

/** Only what the API takes back; the status and checksums are the server's. */
export function changedDevice(data: Partial<Device>, { previousData }: { previousData?: Partial<Device> } = {}): Partial<Device> {
  const { checksums: _checksums, last_ip: _ip, is_deactivated: _state, created: _created, modified: _modified, config, ...rest } = data;
  if (!config || JSON.stringify(config) === JSON.stringify(previousData?.config)) return rest as Partial<Device>;
  const { backend, templates, context, config: netjson } = config;
  return { ...rest, config: { backend, templates: templates ?? [], context: context ?? {}, config: netjson ?? {} } };
}

function Title() {
  const device = useRecordContext<Device>();
  return <span>{device?.name}</span>;
}

function Actions() {
  const device = useRecordContext<Device>();
  const provider = useDataProvider<ControllerProvider>();
  const notify = useNotify();
  const refresh = useRefresh();
  const redirect = useRedirect();
  const add = useCanAccess({ resource: 'devices', action: 'create' });
  const remove = useCanAccess({ resource: 'devices', action: 'delete' });
  const [asked, setAsked] = useState<'deactivate' | 'delete'>();
  const [force, setForce] = useState(false);
  const [busy, setBusy] = useState(false);
  if (!device) return <TopToolbar />;
  const free = deletable(device);

  const attempt = async (work: () => Promise<unknown>, success: string, gone = false) => {
    setBusy(true);
    try {
      await work();
      notify(success, { type: 'success' });
      if (gone) redirect('list', 'devices');
      else refresh();
    } catch (error) {
      notify(error instanceof Error ? error.message : 'The action failed', { type: 'error', autoHideDuration: 8000 });
    } finally {
      setBusy(false);
      setAsked(undefined);
    }
  };
  const confirmed = () =>
    asked === 'deactivate'
      ? attempt(() => provider.deactivate(device.id), `${device.name} deactivated`)
      : attempt(() => provider.delete('devices', { id: device.id, meta: { force: !free } }), `${device.name} deleted`, true);

  return (
    <TopToolbar sx={{ alignItems: 'center', gap: 1, width: '100%', flexWrap: 'wrap', py: 1 }}>
      <Box sx={{ flexGrow: 1, minWidth: 0, maxWidth: '100%', display: 'flex', alignItems: 'center', gap: 1.5 }}>
        <Typography variant="h5" component="h1" noWrap>
          {device.name}
        </Typography>
        <StatusChip status={statusOf(device)} title={device.config?.error_reason} />
      </Box>
      {add.canAccess &&
        (device.is_deactivated ? (
          <Button
            size="small"
            startIcon={<ActivateIcon />}
            disabled={busy}
            onClick={() => attempt(() => provider.activate(device.id), `${device.name} activated`)}
          >
            Activate
          </Button>
        ) : (
          <Button size="small" startIcon={<DeactivateIcon />} disabled={busy} onClick={() => setAsked('deactivate')}>
            Deactivate
          </Button>
        ))}
      {remove.canAccess && (
        <Button size="small" color="error" startIcon={<DeleteIcon />} disabled={busy} onClick={() => setAsked('delete')}>
          Delete
        </Button>
      )}
      <Confirm
        isOpen={asked !== undefined}
        loading={busy || (asked === 'delete' && !free && !force)}
        title={asked === 'deactivate' ? `Deactivate ${device.name}?` : `Delete ${device.name}?`}
        content={
          asked === 'deactivate' ? (
            'Its configuration and templates will be removed, also from the device, and it can no longer be managed until it is activated again.'
          ) : (
            <>
              <Typography>This cannot be undone.</Typography>
              {!free && (
                <>
                  <Alert severity="warning" sx={{ mt: 2 }}>
                    The device is not fully deactivated: the configuration it has now will stay on it.
                  </Alert>
                  <FormControlLabel
                    control={<Checkbox checked={force} onChange={(event) => setForce(event.target.checked)} />}
                    label="Delete it all the same"
                  />
                </>
              )}
            </>
          )
        }
        onConfirm={confirmed}
        onClose={() => {
          setAsked(undefined);
          setForce(false);
        }}
      />
    </TopToolbar>
  );
}

/** The page of a device. */
export default function DeviceEdit() {
  return (
    <Edit
      {...wholeObject}
      title={<Title />}
      actions={<Actions />}
      mutationMode="pessimistic"
      redirect={false}
      transform={changedDevice}
      sx={{ '& .RaEdit-main': { mt: 0 } }}
    >
      <DeviceForm />
    </Edit>
  );
}
