// What can be done with many devices at once.
import ActivateIcon from '@mui/icons-material/PlayArrowOutlined';
import DeactivateIcon from '@mui/icons-material/PauseOutlined';
import DeleteIcon from '@mui/icons-material/DeleteOutline';
import { Button, Checkbox, FormControlLabel, Typography } from '@mui/material';
import { useState } from 'react';
import {
  Confirm,
  useCanAccess,
  useDataProvider,
  useListContext,
  useNotify,
  useRefresh,
} from 'react-admin';
import type { Device } from '../types';
import type { ControllerProvider } from '../operations';
import { forEachID } from '../../api/dataProvider';
import { statusOf } from './status';

type Action = 'activate' | 'deactivate' | 'delete';

const done: Record<Action, string> = {
  activate: 'activated',
  deactivate: 'deactivated',
  delete: 'deleted',
};

/** Whether a device can be deleted without force. */
export function deletable(device: Device): boolean {
  return Boolean(device.is_deactivated ?? statusOf(device) === 'deactivated') && ['deactivated', 'unknown'].includes(statusOf(device));
}

function plural(count: number): string {
  return count === 1 ? '1 device' : `${count} devices`;
}

/** Activate, deactivate and delete buttons for the selected devices. */
export function BulkDeviceActions() {
  const { selectedIds, data = [], onUnselectItems } = useListContext<Device>();
  const provider = useDataProvider<ControllerProvider>();
  const notify = useNotify();
  const refresh = useRefresh();
  const add = useCanAccess({ resource: 'devices', action: 'create' });
  const remove = useCanAccess({ resource: 'devices', action: 'delete' });
  const [asked, setAsked] = useState<Action>();
  const [force, setForce] = useState(false);
  const [busy, setBusy] = useState(false);

  const blocked = data.filter((device) => selectedIds.includes(device.id) && !deletable(device));

  const run = async () => {
    if (!asked) return;
    setBusy(true);
    try {
      if (asked === 'delete') {
        await provider.deleteMany('devices', { ids: selectedIds, meta: { force } });
      } else {
        await forEachID(selectedIds, (id) => provider[asked](id));
      }
      notify(`${plural(selectedIds.length)} ${done[asked]}`, { type: 'success' });
      onUnselectItems();
    } catch (error) {
      notify(error instanceof Error ? error.message : 'The action failed', { type: 'error', autoHideDuration: 8000 });
    } finally {
      setBusy(false);
      setAsked(undefined);
      setForce(false);
      refresh();
    }
  };

  const question = {
    activate: 'Required and default templates are assigned again to the selected devices.',
    deactivate: 'The configuration of the selected devices will be removed and they can no longer be managed.',
    delete: 'This cannot be undone.',
  };

  return (
    <>
      {add.canAccess && (
        <>
          <Button size="small" startIcon={<ActivateIcon />} onClick={() => setAsked('activate')}>
            Activate
          </Button>
          <Button size="small" startIcon={<DeactivateIcon />} onClick={() => setAsked('deactivate')}>
            Deactivate
          </Button>
        </>
      )}
      {remove.canAccess && (
        <Button size="small" color="error" startIcon={<DeleteIcon />} onClick={() => setAsked('delete')}>
          Delete
        </Button>
      )}
      <Confirm
        isOpen={asked !== undefined}
        loading={busy}
        title={asked ? `${asked[0].toUpperCase()}${asked.slice(1)} ${plural(selectedIds.length)}?` : ''}
        content={
          <>
            <Typography>{asked && question[asked]}</Typography>
            {asked === 'delete' && blocked.length > 0 && (
              <>
                <Typography sx={{ mt: 2 }}>
                  Not fully deactivated yet: {blocked.map((device) => device.name).join(', ')}. Their configuration will
                  stay on them.
                </Typography>
                <FormControlLabel
                  control={<Checkbox checked={force} onChange={(event) => setForce(event.target.checked)} />}
                  label="Delete them all the same"
                />
              </>
            )}
          </>
        }
        confirmColor={asked === 'delete' ? 'warning' : 'primary'}
        onConfirm={run}
        onClose={() => {
          setAsked(undefined);
          setForce(false);
        }}
      />
    </>
  );
}
