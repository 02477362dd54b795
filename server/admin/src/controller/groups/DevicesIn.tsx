import { Link } from 'react-router-dom';
import { devicesOf } from '../devices/deletable';
import { deviceListPath } from '../paths';

/** How many devices are in a group, as a link to the list of them. */
export function DevicesIn({ group, count, bare = false }: { group: string; count: number; bare?: boolean }) {
  const text = bare ? count.toLocaleString() : devicesOf(count);
  return count === 0 ? <span className="w-muted">{text}</span> : <Link className="w-link" to={deviceListPath({ group })}>{text}</Link>;
}
