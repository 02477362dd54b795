// How many devices have a template: what a change of it touches.
import { useGetList } from 'react-admin';
import { Link } from 'react-router-dom';
import { devicesOf } from '../devices/deletable';
import { deviceListPath } from '../paths';
import type { Device } from '../types';

/** The number of devices that match a filter; undefined until it is known. */
export function useDeviceCount(filter: Record<string, unknown>, enabled = true): number | undefined {
  const { total } = useGetList<Device>('devices', { pagination: { page: 1, perPage: 1 }, sort: { field: 'name', order: 'ASC' }, filter }, { enabled, staleTime: 30_000 });
  return total;
}

/** The number of devices that have a template. */
export function useUsers(template: string | undefined): number | undefined {
  return useDeviceCount({ config__templates: template }, template !== undefined);
}

/** The number as a link to the list of them. */
export function UsedBy({ template, count, bare = false }: { template: string; count: number; bare?: boolean }) {
  const text = bare ? count.toLocaleString() : `Used by ${devicesOf(count)}`;
  return count === 0 ? <span className="w-muted">{text}</span> : <Link className="w-link" to={deviceListPath({ config__templates: template })}>{text}</Link>;
}
