// Says above an object that its organization is switched off: then it is read and deleted, and not changed (additions: C-12).
import { Alert } from '@mui/material';
import { Link, type RaRecord, useGetManyAggregate, usePermissions, useResourceContext } from 'react-admin';
import { useText } from '../design/useText';
import { closedBy, type OrganizationState } from './closed';

/** The banner; nothing where the organization is in service. Only superusers see objects of others. */
export function ClosedOrganization({ record }: { record: RaRecord }) {
  const resource = useResourceContext();
  const say = useText();
  const superuser = usePermissions<{ user: { is_superuser: boolean } }>().permissions?.user.is_superuser ?? false;
  const id = resource === 'organizations' ? undefined : record.organization;
  // together with those that the page shows the name of, and without what belongs to an organization beside itself
  const wanted = superuser && typeof id === 'string' && id !== '';
  const { data } = useGetManyAggregate<OrganizationState>('organizations', { ids: wanted ? [id] : [] }, { enabled: wanted, staleTime: 60_000, retry: false });
  const closed = closedBy(resource, record, data?.[0]);
  if (!closed) return null;
  return (
    <Alert severity="warning" role="alert" sx={{ mb: 2 }}>
      {closed.own ? (
        say('This organization is switched off: its devices are out of service, and what belongs to it can be read and deleted only. Switch it on again to change anything.')
      ) : (
        <>
          <Link to={`/organizations/${closed.id}`}>{closed.name}</Link>: {say('this organization is switched off; what belongs to it can be read and deleted only.')}
        </>
      )}
    </Alert>
  );
}
