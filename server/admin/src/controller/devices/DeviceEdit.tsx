// The page of a device: what it is and how it is, always in sight; its parts as tabs, each with an address.
import { Building2, Router as RouterIcon } from 'lucide-react';
import { Suspense } from 'react';
import { useCreatePath, usePermissions, useRecordContext } from 'react-admin';
import { useFormState } from 'react-hook-form';
import { useLocation } from 'react-router-dom';
import { useText } from '../../design/useText';
import { allowed } from '../../api/session';
import type { Session } from '../../api/types';
import { useFrame, useModels } from '../../app/ConcernsContext';
import { page } from '../../app/pages';
import { Banner } from '../../design/Banner';
import { CopyFact } from '../../design/Copyable';
import { Moment } from '../../design/Moment';
import { ObjectHeader } from '../../design/ObjectHeader';
import { Loading } from '../../design/states';
import { StatusPill } from '../../design/Status';
import { EditPage } from '../../forms/EditPage';
import { FormProblems, FormToolbar } from '../../forms/FormParts';
import { Reference } from '../../lists/Reference';
import { firstLine } from '../overview/reasons';
import type { Device } from '../types';
import { DeviceActions } from './Actions';
import { changedDevice } from './bodies';
import { DeviceDetails } from './DeviceForm';
import { DeviceOverview } from './DeviceOverview';
import { LastSeen } from './LastSeen';
import { useLocked } from './locked';
import { HistoryTab } from './HistoryTab';
import { statusLook, statusOf } from './status';
import { useLiveDevice } from './useLive';

const ConfigurationTab = page(() => import('./ConfigurationTab').then((module) => ({ default: () => <module.ConfigurationTab create={false} locked={useLocked()} /> })));

const own = ['configuration', 'history', 'details'];

/** The tabs of other concerns that the caller may see. */
function useFurtherTabs() {
  const { permissions } = usePermissions<Session>();
  const models = useModels();
  const { concerns } = useFrame();
  return concerns
    .flatMap(({ tabs }) => tabs ?? [])
    .filter(({ of, model }) => of === 'devices' && (!model || (permissions && allowed(models, permissions, model, 'list'))));
}

function useTab(device: Device | undefined): { tab: string; root: string } {
  const { pathname } = useLocation();
  const further = useFurtherTabs();
  const root = useCreatePath()({ resource: 'devices', id: device?.id, type: 'edit' });
  const last = pathname.split('/').pop() ?? '';
  return { tab: own.includes(last) || further.some(({ path }) => path === last) ? last : 'overview', root };
}

function Header() {
  const device = useRecordContext<Device>();
  const live = useLiveDevice();
  const { tab, root } = useTab(device);
  const say = useText();
  const { errors } = useFormState();
  const further = useFurtherTabs();
  if (!device || !live) return null;
  const { status, word, meaning } = statusLook[statusOf(live)];
  const at = (name: string) => (name === 'overview' ? root : `${root}/${name}`);
  const wrong = Object.keys(errors).filter((key) => key !== 'root').length;
  return (
    <ObjectHeader
      title={device.name}
      above={{ label: 'Devices', to: '/devices' }}
      pill={<StatusPill status={status} word={word} title={meaning} />}
      actions={<DeviceActions />}
      facts={
        <>
          <span title={say('Organization')}>
            <Building2 size={14} aria-hidden="true" />
            <Reference resource="organizations" id={device.organization} />
          </span>
          {live.model && (
            <span title={say('Model')}>
              <RouterIcon size={14} aria-hidden="true" />
              {live.model}
            </span>
          )}
          {live.os && <span title={say('Operating system')}>{live.os}</span>}
          {live.management_ip && <CopyFact text={live.management_ip} label="management address" />}
          {!live.management_ip && live.last_ip && <CopyFact text={live.last_ip} label="address of the last request" />}
          <CopyFact text={device.mac_address} label="MAC address" />
          <span>
            {say('Seen')} <LastSeen device={live} />
          </span>
        </>
      }
      tabs={[
        { label: 'Overview', to: at('overview') },
        { label: 'Configuration', to: at('configuration'), count: errors.config ? wrong : undefined },
        ...further.map(({ label, path }) => ({ label, to: at(path) })),
        { label: 'History', to: at('history') },
        { label: 'Details', to: at('details') },
      ]}
      tab={at(tab)}
    />
  );
}

/** A configuration that a change could not renew: the device keeps the last good one. */
function NotRenewed({ device }: { device: Device }) {
  const say = useText();
  const since = device.config?.not_renewed_since;
  if (!since) return null;
  const reason = device.config?.not_renewed_reason;
  return (
    <Banner status="problem" title="Its configuration could not be renewed">
      {say('The device keeps the last good one since')} <Moment at={since} />: {firstLine(reason)}
      {reason?.includes('\n') && (
        <details>
          <summary>{say('All of the reason')}</summary>
          <pre>{reason}</pre>
        </details>
      )}
    </Banner>
  );
}

/** What is wrong with the device, above the contents of every tab. */
function Trouble() {
  const live = useLiveDevice();
  const say = useText();
  if (!live) return null;
  if (live.is_deactivated) {
    return (
      <Banner status="off" title="This device is deactivated">
        {say('It can be activated or deleted, but not changed.')}
      </Banner>
    );
  }
  const reason = live.config?.error_reason;
  if (statusOf(live) !== 'error') return <NotRenewed device={live} />;
  return (
    <>
    <NotRenewed device={live} />
    <Banner status="critical" title={firstLine(reason)} urgent>
      {say('It could not apply its configuration and went back to the one before,')} <Moment at={live.modified} />.
      {reason?.includes('\n') && (
        <details>
          <summary>{say('Log of the device, %{number} lines, in its own time', { number: reason.trim().split('\n').length })}</summary>
          <pre>{reason}</pre>
        </details>
      )}
    </Banner>
    </>
  );
}

function Panel() {
  const device = useRecordContext<Device>();
  const { tab } = useTab(device);
  const further = useFurtherTabs().find(({ path }) => path === tab);
  return (
    <div className="w-stack">
      <Trouble />
      <div>
        <FormProblems />
        {tab === 'overview' && <DeviceOverview />}
        {tab === 'configuration' && (
          <Suspense fallback={<Loading />}>
            <ConfigurationTab />
          </Suspense>
        )}
        {further && (
          <Suspense fallback={<Loading />}>
            <further.Tab />
          </Suspense>
        )}
        {tab === 'history' && <HistoryTab />}
        {tab === 'details' && <DeviceDetails />}
      </div>
    </div>
  );
}

/** What people save of a device; the rest it reports. */
const saved = ['name', 'mac_address', 'organization', 'group', 'key', 'notes', 'is_deactivated', 'config.backend', 'config.templates', 'config.context', 'config.config'];

/** The page. */
export default function DeviceEdit() {
  return (
    <EditPage<Device> what="device" compared={saved} transform={changedDevice} header={() => <Header />} bar={<Bar />}>
      <Panel />
    </EditPage>
  );
}

function Bar() {
  return <FormToolbar locked={useLocked()} />;
}
