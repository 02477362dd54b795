// How many devices have a template: what a change of it touches.
import { useGetList } from 'react-admin';
import { Link } from 'react-router-dom';
import { useText } from '../../design/useText';
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
  const say = useText();
  const text = bare ? count.toLocaleString() : say('Used by %{smart_count} device |||| Used by %{smart_count} devices', { smart_count: count });
  return count === 0 ? <span className="w-muted">{text}</span> : <Link className="w-link" to={deviceListPath({ config__templates: template })}>{text}</Link>;
}
