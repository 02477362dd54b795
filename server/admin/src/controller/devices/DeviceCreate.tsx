// The page that adds a device: what it is, and if it is wished what it gets.
import { Button } from '@mui/material';
import { Suspense } from 'react';
import { useFormContext, useWatch } from 'react-hook-form';
import { useText } from '../../design/useText';
import { page } from '../../app/pages';
import { Card } from '../../design/Card';
import { Loading } from '../../design/states';
import { CreatePage } from '../../forms/EditPage';
import { FormProblems, FormToolbar } from '../../forms/FormParts';
import { emptyConfig } from '../backends';
import { newDeviceBody } from './bodies';
import { DeviceFields } from './DeviceForm';

const ConfigurationTab = page(() => import('./ConfigurationTab').then((module) => ({ default: () => <module.ConfigurationTab create locked={false} /> })));

const newDevice = { name: '', mac_address: '', key: '', model: '', os: '', system: '', notes: '', config: null };

function Configuration() {
  const say = useText();
  const { setValue } = useFormContext();
  const config = useWatch({ name: 'config' }) as unknown;
  if (config) {
    return (
      <Suspense fallback={<Loading />}>
        <ConfigurationTab />
      </Suspense>
    );
  }
  return (
    <div className="w-form">
      <Card title="Configuration">
        <p className="w-secondary">{say('Without one the device keeps what it has. It can also be added later.')}</p>
        <Button variant="outlined" onClick={() => setValue('config', emptyConfig, { shouldDirty: true })} sx={{ mt: 1 }}>
          {say('Configure it now')}
        </Button>
      </Card>
    </div>
  );
}

/** The page. */
export default function DeviceCreate() {
  return (
    <CreatePage title="Add a device" list="Devices" transform={newDeviceBody} defaultValues={newDevice} bar={<FormToolbar create verb="Add device" />}>
      <FormProblems />
      <div className="w-stack">
        <div className="w-stack w-form">
          <DeviceFields create />
        </div>
        <Configuration />
      </div>
    </CreatePage>
  );
}
