// What can be done with a device beside changing it. Nothing typed is lost by it without a question.
import { Alert, Button, Checkbox, FormControlLabel } from '@mui/material';
import { CirclePause, CirclePlay, Download, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useCanAccess, useDataProvider, useNotify, useRecordContext, useRedirect, useRefresh } from 'react-admin';
import { useFormContext, useFormState } from 'react-hook-form';
import { ObjectActions } from '../../app/ObjectActions';
import { Ask } from '../../design/Ask';
import { useText } from '../../design/useText';
import { type Action, MoreMenu } from '../../design/MoreMenu';
import type { ControllerProvider } from '../operations';
import { downloadPath } from '../paths';
import type { Device } from '../types';
import { deletable } from './deletable';

type Asked = 'activate' | 'deactivate' | 'delete';

/** The button and the menu of a device's header. */
export function DeviceActions() {
  const device = useRecordContext<Device>();
  const add = useCanAccess({ resource: 'devices', action: 'create' });
  const remove = useCanAccess({ resource: 'devices', action: 'delete' });
  const say = useText();
  const [asked, setAsked] = useState<Asked>();
  if (!device) return null;
  const active = !device.is_deactivated;
  const actions: Action[] = [
    ...(device.config ? [{ label: 'Download configuration', icon: Download, href: downloadPath('device', device.id) }] : []),
    ...(add.canAccess && active ? [{ label: 'Deactivate…', icon: CirclePause, dangerous: true, onDo: () => setAsked('deactivate') }] : []),
    ...(remove.canAccess ? [{ label: 'Delete device…', icon: Trash2, dangerous: true, onDo: () => setAsked('delete') }] : []),
  ];
  return (
    <>
      {add.canAccess && !active && (
        <Button variant="outlined" startIcon={<CirclePlay size={16} />} onClick={() => setAsked('activate')}>
          {say('Activate')}
        </Button>
      )}
      <ObjectActions of="devices" />
      <MoreMenu actions={actions} label="More about this device" />
      {asked && <Question device={device} asked={asked} onClose={() => setAsked(undefined)} />}
    </>
  );
}

const texts: Record<Exclude<Asked, 'delete'>, { verb: string; keep: string; done: string; text: string }> = {
  activate: { verb: 'Activate', keep: 'Leave it', done: 'activated', text: 'It gets the required and default templates again. What it had of its own is in its history.' },
  deactivate: {
    verb: 'Deactivate',
    keep: 'Keep it',
    done: 'deactivated',
    text: 'Its configuration is removed, also from the device, and nothing can be changed until it is activated again. What it has of its own stays in its history.',
  },
};

function Question({ device, asked, onClose }: { device: Device; asked: Asked; onClose(): void }) {
  const provider = useDataProvider<ControllerProvider>();
  const notify = useNotify();
  const refresh = useRefresh();
  const redirect = useRedirect();
  const { isDirty } = useFormState();
  const { reset } = useFormContext();
  const say = useText();
  const [force, setForce] = useState(false);
  const [busy, setBusy] = useState(false);
  const free = deletable(device);
  const attempt = async (work: () => Promise<unknown>, success: string, gone = false) => {
    setBusy(true);
    try {
      await work();
      notify(success, { type: 'success' });
      // what was typed was given up in the question
      reset(undefined, { keepValues: false });
      onClose();
      if (gone) redirect('list', 'devices');
      else refresh();
    } catch (error) {
      setBusy(false);
      onClose();
      notify(error instanceof Error ? error.message : say('The action failed'), { type: 'error', autoHideDuration: 8000 });
    }
  };
  const unsaved = isDirty && (
    <Alert severity="warning" sx={{ mt: 2 }}>
      {say('What you changed on this page and did not save is lost.')}
    </Alert>
  );
  if (asked === 'delete') {
    return (
      <Ask
        title={say('Delete %{name}?', { name: device.name })}
        verb="Delete device"
        keep="Keep it"
        dangerous
        busy={busy}
        blocked={!free && !force ? 'Tick the box to go on.' : false}
        onDo={() => void attempt(() => provider.delete('devices', { id: device.id, meta: { force: !free } }), say('%{name} deleted', { name: device.name }), true)}
        onClose={onClose}
      >
        {say('Its configuration and all versions of it are deleted with it.')}
        {!free && (
          <>
            <Alert severity="warning" sx={{ mt: 2 }}>
              {say('The device is not fully deactivated: the configuration it has now stays on it. To take it off first, deactivate the device and delete it when it is deactivated.')}
            </Alert>
            <FormControlLabel control={<Checkbox checked={force} onChange={(event) => setForce(event.target.checked)} />} label={say('Delete it all the same')} />
          </>
        )}
        {unsaved}
      </Ask>
    );
  }
  const { verb, keep, done, text } = texts[asked];
  const work = asked === 'activate' ? () => provider.activate(device.id) : () => provider.deactivate(device.id);
  return (
    <Ask title={say(`${verb} %{what}?`, { what: device.name })} verb={say(`${verb} device`)} keep={keep} dangerous={asked !== 'activate'} busy={busy} onDo={() => void attempt(work, `${device.name} ${say(done)}`)} onClose={onClose}>
      {say(text)}
      {unsaved}
    </Ask>
  );
}
