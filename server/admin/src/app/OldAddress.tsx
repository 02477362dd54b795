// Addresses of OpenWISP's admin: /admin/config/device/<id>/change/, to which notifications and e-mails lead, and the lists and
// forms of bookmarks, /admin/config/device/ and /admin/config/device/add/.
import { useCreatePath } from 'react-admin';
import { Navigate, useLocation, useParams } from 'react-router-dom';
import { useFrame } from './ConcernsContext';
import { withOldFilters } from './oldFilters';
import { NotFound } from './pages';

/** Which kind of objects an address is of, where it does not say so itself. */
interface OldAddressProps {
  app?: string;
  model?: string;
}

/** Leads to the page of the object here, to the list of such objects, or to the form for a new one. */
export default function OldAddress(props: OldAddressProps) {
  const { id, app = props.app, model = props.model } = useParams();
  const { concerns } = useFrame();
  const createPath = useCreatePath();
  const { search } = useLocation();
  const type = id === undefined ? 'list' : id === 'add' ? 'create' : 'edit';
  const resource = concerns.flatMap(({ resources }) => resources).find((one) => one[type] && one.model?.app === app && one.model?.model === model);
  if (!resource) return <NotFound />;
  const path = createPath({ resource: resource.name, id, type });
  return <Navigate to={type === 'list' ? withOldFilters(path, search) : path} replace />;
}
