// The page of an organization.
import { Alert, LinearProgress } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { Suspense } from 'react';
import { useCreatePath, useDataProvider, useGetList, useResourceContext } from 'react-admin';
import { useFormState } from 'react-hook-form';
import { useFrame } from '../../app/ConcernsContext';
import { Moment } from '../../design/Moment';
import { MoreMenu } from '../../design/MoreMenu';
import { ObjectHeader } from '../../design/ObjectHeader';
import { StatusPill } from '../../design/Status';
import { useText } from '../../design/useText';
import { EditPage } from '../../forms/EditPage';
import { FormToolbar, useDeletion, useMayChange } from '../../forms/FormParts';
import type { TenancyProvider } from '../operations';
import type { Organization } from '../types';
import { OrganizationForm } from './OrganizationForm';

function Header({ organization }: { organization: Organization }) {
  const say = useText();
  const resource = useResourceContext();
  const createPath = useCreatePath();
  const { concerns } = useFrame();
  const hasDevices = concerns.some(({ resources }) => resources.some(({ name }) => name === 'devices'));
  // who deletes the organization of running devices is told how many (spec: additions C-14)
  const { total = 0 } = useGetList('devices', { filter: { organization: organization.id, is_deactivated: false }, pagination: { page: 1, perPage: 1 }, sort: { field: 'name', order: 'ASC' } }, { enabled: hasDevices });
  const running = total > 0 ? say('%{smart_count} active device will not be managed any more. |||| %{smart_count} active devices will not be managed any more.', { smart_count: total }) : '';
  const deletion = useDeletion('organization', organization.name, say('%{running} Its devices, templates and memberships are deleted with it.', { running }));
  return (
    <>
      <ObjectHeader
        title={organization.name}
        above={{ label: 'Organizations', to: createPath({ resource, type: 'list' }) }}
        pill={organization.is_active ? undefined : <StatusPill status="off" word="not active" />}
        actions={<MoreMenu label="More about this organization" actions={deletion.action ? [deletion.action] : []} />}
        facts={
          <>
            <span className="w-mono">{organization.slug}</span>
            <span>
              {say('Changed')}{' '}<Moment at={organization.modified} />
            </span>
          </>
        }
      />
      {deletion.question}
      <Going organization={organization} />
    </>
  );
}

/** How far the deletion is of an organization that goes in the background. */
function Going({ organization }: { organization: Organization }) {
  const say = useText();
  const provider = useDataProvider<TenancyProvider>();
  const { data } = useQuery({
    queryKey: ['organization-deletion', organization.id],
    queryFn: async () => (await provider.deletionOf(organization.id)) ?? null,
    enabled: !organization.is_active,
    refetchInterval: 3000,
  });
  if (!data) return null;
  const percent = data.total === 0 ? 100 : Math.floor((100 * data.done) / data.total);
  return (
    <Alert severity={data.problem ? 'error' : 'info'} sx={{ mb: 2 }}>
      {say('This organization is being deleted: %{done} of %{total} objects are gone.', { done: data.done.toLocaleString(), total: data.total.toLocaleString() })}
      <LinearProgress variant="determinate" value={percent} aria-label={say('Deletion of the organization')} sx={{ my: 1 }} />
      {data.problem && say('The last attempt failed and will be repeated: %{problem}', { problem: data.problem })}
    </Alert>
  );
}

/** What saving touches beyond the organization, as the concerns that keep something for it say. */
function Bar() {
  const { concerns } = useFrame();
  const { dirtyFields } = useFormState();
  const extensions = concerns.flatMap((concern) => concern.extensions ?? []).filter(({ of, key }) => of === 'organizations' && dirtyFields[key]);
  const change = useMayChange('organizations');
  const settings = useMayChange('settings');
  const Touched = extensions.find((extension) => extension.Touched)?.Touched;
  return <FormToolbar locked={!change && !settings} note={Touched && <Touched />} />;
}

/** The page. */
export default function OrganizationEdit() {
  const { concerns } = useFrame();
  const extensions = concerns.flatMap((concern) => concern.extensions ?? []).filter(({ of }) => of === 'organizations');
  const aftermath = (saved: Organization & Record<string, unknown>) =>
    extensions.map(({ key, Aftermath }) => Aftermath && saved[key] !== undefined && <Suspense key={key}><Aftermath kept={saved[key]} /></Suspense>);
  return (
    <EditPage<Organization & Record<string, unknown>> aftermath={aftermath} what="organization" header={(organization) => <Header organization={organization} />} bar={<Bar />}>
      <OrganizationForm />
    </EditPage>
  );
}
