// The first page: how many devices there are and how their configurations stand.
import { Alert, Box, Button, Card, CardContent, Link as MuiLink, Skeleton, Typography } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Title, useCanAccess, useDataProvider, useGetList } from 'react-admin';
import { Link, useNavigate } from 'react-router-dom';
import type { AdminDataProvider } from '../api/dataProvider';
import type { ConfigStatus, Device } from '../api/types';
import { PageHeading } from '../app/Layout';
import { StatusChip, statusOf } from '../app/StatusChip';
import { statusColors } from '../app/theme';
import { Doughnut } from './Doughnut';

const statuses: (ConfigStatus | 'unknown')[] = ['applied', 'modified', 'error', 'deactivating', 'deactivated', 'unknown'];

/** The address of the device list with a filter. */
export function deviceListPath(filter: Record<string, unknown>): string {
  return `/devices?${new URLSearchParams({ filter: JSON.stringify(filter), page: '1' })}`;
}

function Recent({ title, filter, empty }: { title: string; filter: Record<string, unknown>; empty: ReactNode }) {
  const { data, isPending, error } = useGetList<Device>('devices', {
    pagination: { page: 1, perPage: 5 },
    sort: { field: 'created', order: 'DESC' },
    filter,
  });
  return (
    <Card>
      <CardContent>
        <Box sx={{ display: 'flex', alignItems: 'center', mb: 0.5 }}>
          <Typography variant="h6" component="h2" sx={{ flexGrow: 1 }}>
            {title}
          </Typography>
          <Button size="small" component={Link} to={deviceListPath(filter)}>
            All
          </Button>
        </Box>
        {isPending && <Skeleton height={80} />}
        {error && <Alert severity="warning">{error.message}</Alert>}
        {data?.length === 0 && <Typography color="text.secondary">{empty}</Typography>}
        {data?.map((device) => (
          <Box
            key={device.id}
            component={Link}
            to={`/devices/${device.id}`}
            sx={{ display: 'flex', alignItems: 'center', gap: 1, py: 0.75, px: 1, mx: -1, borderRadius: 1, color: 'inherit', textDecoration: 'none', '&:hover': { backgroundColor: 'action.hover' } }}
          >
            <Typography noWrap sx={{ flexGrow: 1, minWidth: 0 }}>
              {device.name}
            </Typography>
            <StatusChip status={statusOf(device)} title={device.config?.error_reason} />
          </Box>
        ))}
      </CardContent>
    </Card>
  );
}

/** The dashboard. */
export default function Dashboard() {
  const provider = useDataProvider<AdminDataProvider>();
  const navigate = useNavigate();
  const devices = useCanAccess({ resource: 'devices', action: 'list' });
  const { data, isPending, error } = useQuery({
    queryKey: ['dashboard'],
    queryFn: () => provider.dashboard(),
    enabled: devices.canAccess === true,
    refetchInterval: 30_000,
  });
  if (devices.canAccess === false) {
    return (
      <>
        <Title title="Dashboard" />
        <PageHeading title="Dashboard" />
        <Alert severity="info">Your account may not see devices. Ask an administrator for a group with that permission.</Alert>
      </>
    );
  }
  const slices = statuses.map((status) => ({
    id: status,
    label: status,
    value: data?.config_status[status] ?? 0,
    color: statusColors[status],
    // devices without a configuration have no status to filter by
    onClick: () => navigate(deviceListPath(status === 'unknown' ? { has_config: false } : { config__status: status })),
  }));
  return (
    <>
      <Title title="Dashboard" />
      <PageHeading title="Dashboard" />
      <Box sx={{ display: 'grid', gap: 2, gridTemplateColumns: { xs: 'minmax(0,1fr)', md: 'minmax(0,3fr) minmax(0,2fr)' }, alignItems: 'start' }}>
        <Card>
          <CardContent>
            <Typography variant="h6" component="h2" sx={{ mb: 2 }}>
              Configuration status
            </Typography>
            {error && <Alert severity="warning">{error.message}</Alert>}
            {isPending ? (
              <Skeleton variant="circular" width={230} height={230} sx={{ mx: 'auto' }} />
            ) : (
              data && <Doughnut slices={slices} total={data.devices} unit={data.devices === 1 ? 'device' : 'devices'} />
            )}
          </CardContent>
        </Card>
        <Box sx={{ display: 'grid', gap: 2 }}>
          <Recent title="Errors" filter={{ config__status: 'error' }} empty="No device reports an error." />
          <Recent
            title="Newest devices"
            filter={{}}
            empty={
              <>
                No device has registered yet. Devices register with the shared secret of an{' '}
                <MuiLink component={Link} to="/organizations">
                  organization
                </MuiLink>
                .
              </>
            }
          />
        </Box>
      </Box>
    </>
  );
}
