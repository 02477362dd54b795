// The list of devices.
import { Undo2, Upload, UserRoundCheck } from 'lucide-react';
import { type ReactNode, Suspense, useMemo } from 'react';
import { usePermissions } from 'react-admin';
import { useNavigate } from 'react-router-dom';
import { useFrame, useModels } from '../../app/ConcernsContext';
import { allowed } from '../../api/session';
import type { Session } from '../../api/types';
import { useText } from '../../design/useText';
import { Moment } from '../../design/Moment';
import { MoreMenu } from '../../design/MoreMenu';
import { Loading } from '../../design/states';
import type { Column as Exported } from '../../lists/csv';
import type { Column } from '../../lists/columns';
import { ExportButton } from '../../lists/ExportButton';
import type { Filter } from '../../lists/filters';
import { ListPage } from '../../lists/ListPage';
import { RecordLink } from '../../lists/RecordLink';
import { Reference } from '../../lists/Reference';
import type { View } from '../../lists/Views';
import { organizationFilter, referenceFilter } from '../../tenancy/filters';
import { backendLabel, backends } from '../backends';
import { page } from '../../app/pages';
import { firstLine } from '../overview/reasons';
import type { Device } from '../types';
import { LastSeen } from './LastSeen';
import { networkHelp, networkProblem } from './network';
import { silences } from './seen';
import { statusLook, statuses, statusOf } from './status';
import { StatusChip } from './StatusChip';

// wanted once something is selected, or where there is nothing yet
const BulkDeviceActions = page(async () => ({ default: (await import('./BulkActions')).BulkDeviceActions }));
const FirstDevice = page(async () => ({ default: (await import('./FirstDevice')).FirstDevice }));

const filters: Filter[] = [
  {
    source: 'config__status',
    label: 'Status',
    kind: 'choice',
    shown: true,
    choices: statuses.filter((status) => status !== 'unknown').map((id) => ({ id, name: statusLook[id].word })),
  },
  { ...organizationFilter, shown: true },
  { source: 'silent_for', label: 'Silent for', kind: 'choice', shown: true, choices: silences, useName: (value) => (value ? `${value} s` : undefined) },
  { source: 'management_ip', label: 'Management address in', kind: 'text', help: networkHelp, problem: networkProblem },
  { source: 'last_ip', label: 'Last address in', kind: 'text', help: networkHelp, problem: networkProblem },
  { source: 'subnet', label: 'Has networks of', kind: 'text', help: networkHelp, problem: networkProblem },
  { source: 'model', label: 'Model', kind: 'text' },
  { source: 'model__exact', label: 'Model is', kind: 'text' },
  { source: 'model__isempty', label: 'Model unknown', kind: 'yesno' },
  { source: 'os', label: 'Operating system', kind: 'text' },
  { source: 'os__exact', label: 'Operating system is', kind: 'text' },
  { source: 'os__isempty', label: 'Operating system unknown', kind: 'yesno' },
  { source: 'system__exact', label: 'System is', kind: 'text' },
  { source: 'system__isempty', label: 'System unknown', kind: 'yesno' },
  referenceFilter('config__templates', 'Template', 'templates'),
  { source: 'config__templates__tag', label: 'Tag', kind: 'text' },
  { source: 'last_seen__gte', label: 'Seen from', kind: 'time' },
  { source: 'last_seen__lt', label: 'Seen before', kind: 'time' },
  { source: 'last_seen__isnull', label: 'Never seen', kind: 'yesno' },
  { source: 'config__not_renewed', label: 'Not renewed', kind: 'yesno' },
  { source: 'config__backend', label: 'Backend', kind: 'choice', choices: backends },
  { source: 'has_config', label: 'Has a configuration', kind: 'yesno' },
  { source: 'is_deactivated', label: 'Deactivated', kind: 'yesno' },
  { source: 'created__gte', label: 'Added from', kind: 'time' },
  { source: 'created__lt', label: 'Added before', kind: 'time' },
];

const views: View[] = [
  { name: 'All', filter: {} },
  { name: 'Errors', filter: { config__status: 'error' } },
  { name: 'Waiting', filter: { config__status: 'modified' } },
  { name: 'Silent', filter: { silent_for: '3600', is_deactivated: false } },
  { name: 'No configuration', filter: { has_config: false } },
];

/** The address at which a device is reached, and which one that is. */
function Address({ device }: { device: Device }): ReactNode {
  const say = useText();
  const address = device.management_ip ?? device.last_ip;
  if (!address) return <span className="w-muted">{say('not known')}</span>;
  return (
    <span className="w-mono" title={say(device.management_ip ? 'Management address' : 'Address of the last request')}>
      {address}
    </span>
  );
}

/** Why a device stands as it does, in a line. */
function reasonOf(device: Device): string {
  if (device.config?.status === 'error') return firstLine(device.config.error_reason);
  return device.config?.not_renewed_since ? `Not renewed: ${firstLine(device.config.not_renewed_reason)}` : '';
}

const columns: Column<Device>[] = [
  { id: 'name', label: 'Name', sort: 'name', width: '18%', fixed: true, phone: 'title', cell: (device) => <RecordLink record={device} /> },
  { id: 'status', label: 'Status', sort: 'config__status', width: 148, fixed: true, phone: 'status', cell: (device) => <StatusChip status={statusOf(device)} /> },
  {
    id: 'reason',
    label: 'Reason',
    phone: 'note',
    cell: (device) => (
      <span className="w-secondary" title={device.config?.error_reason || device.config?.not_renewed_reason}>
        {reasonOf(device)}
      </span>
    ),
  },
  { id: 'model', label: 'Model', sort: 'model', width: '15%', cell: ({ model }) => <span title={model}>{model}</span> },
  { id: 'organization', label: 'Organization', width: '13%', cell: ({ organization }) => <Reference resource="organizations" id={organization} /> },
  { id: 'mac_address', label: 'MAC address', sort: 'mac_address', width: 150, hidden: true, cell: ({ mac_address }) => <span className="w-mono">{mac_address}</span> },
  { id: 'address', label: 'Address', sort: 'management_ip', width: 124, phone: 'address', cell: (device) => <Address device={device} /> },
  { id: 'os', label: 'Operating system', sort: 'os', hidden: true, cell: ({ os }) => os },
  { id: 'backend', label: 'Backend', hidden: true, cell: ({ config }) => backendLabel(config?.backend) },
  { id: 'created', label: 'Added', sort: 'created', hidden: true, right: true, width: 110, cell: ({ created }) => <Moment at={created} /> },
  { id: 'last_seen', label: 'Last seen', sort: 'last_seen', right: true, width: 110, phone: 'aside', cell: (device) => <LastSeen device={device} /> },
  { id: 'modified', label: 'Changed', sort: 'modified', right: true, width: 110, hidden: true, cell: ({ modified }) => <Moment at={modified} /> },
];

const exported: Exported<Device>[] = [
  { title: 'name', of: ({ name }) => name },
  { title: 'mac_address', of: ({ mac_address }) => mac_address },
  { title: 'organization', of: ({ organization }, nameOf) => nameOf(organization) },
  { title: 'model', of: ({ model }) => model },
  { title: 'os', of: ({ os }) => os },
  { title: 'system', of: ({ system }) => system },
  { title: 'notes', of: ({ notes }) => notes },
  { title: 'last_ip', of: ({ last_ip }) => last_ip },
  { title: 'management_ip', of: ({ management_ip }) => management_ip },
  { title: 'config_status', of: statusOf },
  { title: 'config_backend', of: ({ config }) => config?.backend },
  { title: 'last_seen', of: ({ last_seen }) => last_seen },
  { title: 'created', of: ({ created }) => created },
  { title: 'modified', of: ({ modified }) => modified },
  { title: 'id', of: ({ id }) => id },
  { title: 'organization_id', of: ({ organization }) => organization },
];

/** The columns and filters of other concerns that the caller may see, put behind the name and the status. */
function useFurther() {
  const { concerns } = useFrame();
  const models = useModels();
  const { permissions } = usePermissions<Session>();
  return useMemo(() => {
    const more = concerns.flatMap(({ lists }) => lists ?? []).filter(({ of, model }) => of === 'devices' && (!model || (permissions && allowed(models, permissions, model, 'list'))));
    const further = more.flatMap((one) => (one.columns ?? []) as Column<Device>[]);
    return {
      columns: [...columns.slice(0, 2), ...further, ...columns.slice(2)],
      filters: [...filters.slice(0, 1), ...more.flatMap((one) => one.filters ?? []), ...filters.slice(1)],
    };
  }, [concerns, models, permissions]);
}

/** Where devices are that the list does not have: on their way in, or out. */
function Further() {
  const navigate = useNavigate();
  const actions = [
    { label: 'Devices that wait', icon: UserRoundCheck, onDo: () => navigate('/registrations') },
    { label: 'Import and export', icon: Upload, onDo: () => navigate('/devices-import') },
    { label: 'Deleted devices', icon: Undo2, onDo: () => navigate('/deleteddevices') },
  ];
  return <MoreMenu actions={actions} label="Further lists" />;
}

/** The page. */
export default function DeviceList() {
  const { columns, filters } = useFurther();
  return (
    <ListPage<Device>
      title="Devices"
      what="devices"
      columns={columns}
      sort={{ field: 'name', order: 'ASC' }}
      placeholder="Name, address, MAC, key, error…"
      filters={filters}
      views={views}
      actions={
        <>
          <ExportButton<Device> name="devices" columns={exported} names={{ resource: 'organizations', ids: ({ organization }) => [organization] }} />
          <Further />
        </>
      }
      add="Add devices"
      bulk={<Suspense><BulkDeviceActions /></Suspense>}
      empty={<Suspense fallback={<Loading />}><FirstDevice /></Suspense>}
    />
  );
}
