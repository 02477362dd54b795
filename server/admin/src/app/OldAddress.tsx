// Addresses of OpenWISP's admin, /admin/config/device/<id>/change/: notifications and e-mails lead there.
import { useCreatePath } from 'react-admin';
import { Navigate, useParams } from 'react-router-dom';
import { useFrame } from './ConcernsContext';
import { NotFound } from './pages';

/** Leads to the page of the object here. */
export default function OldAddress() {
  const { app, model, id } = useParams();
  const { concerns } = useFrame();
  const createPath = useCreatePath();
  const resource = concerns.flatMap(({ resources }) => resources).find((one) => one.edit && one.model?.app === app && one.model?.model === model);
  if (!resource) return <NotFound />;
  return <Navigate to={createPath({ resource: resource.name, id, type: 'edit' })} replace />;
}
