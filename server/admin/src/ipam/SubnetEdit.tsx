// The page of a subnet: how full it is, a picture of it, its addresses, what is free in it, and what it is.
import { Button } from '@mui/material';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Download, Plus } from 'lucide-react';
import { useRef, useState } from 'react';
import { useCanAccess, useCreatePath, useDataProvider, useNotify, useRecordContext, useResourceContext } from 'react-admin';
import { Link } from 'react-router-dom';
import { Card } from '../design/Card';
import { Field } from '../design/Field';
import { Moment } from '../design/Moment';
import { MoreMenu } from '../design/MoreMenu';
import { ObjectHeader } from '../design/ObjectHeader';
import { Failed, Loading } from '../design/states';
import { useText } from '../design/useText';
import { EditPage } from '../forms/EditPage';
import { FormToolbar, useDeletion, useMayChange } from '../forms/FormParts';
import { Reference } from '../lists/Reference';
import { useSuperuser } from '../tenancy/managed';
import { DivisionCard } from '../vpn/DivisionCard';
import { countText, shareText } from './addresses';
import type { IPAMProvider } from './operations';
import { SubnetForm, subnetBody } from './SubnetForm';
import { SubnetMap } from './SubnetMap';
import type { Subnet, Usage } from './types';
import { UsageBar } from './UsageBar';
import './ipam.css';

function useUsage(id: string) {
  const provider = useDataProvider<IPAMProvider>();
  return useQuery({ queryKey: ['ipam', 'usage', id], queryFn: () => provider.usage(id), refetchInterval: 30_000 });
}

/** Whether the caller may change what belongs to a subnet: shared ones are superusers'. */
function useOwn(subnet: { organization: string | null }): boolean {
  const superuser = useSuperuser();
  return superuser || subnet.organization !== null;
}

function Header({ subnet }: { subnet: Subnet }) {
  const say = useText();
  const resource = useResourceContext();
  const createPath = useCreatePath();
  const provider = useDataProvider<IPAMProvider>();
  const notify = useNotify();
  const usage = useUsage(subnet.id).data;
  const create = useCanAccess({ resource: 'subnets', action: 'create' });
  const loss = usage && usage.nested > 0 ? 'All subnets nested in it and all their addresses are deleted with it.' : 'Its addresses are deleted with it.';
  const deletion = useDeletion('subnet', `${subnet.name} ${subnet.subnet}`, loss);
  const save = async (type: 'csv' | 'xlsx') => {
    try {
      const address = URL.createObjectURL(await provider.exported(subnet.id, type));
      const link = document.createElement('a');
      link.href = address;
      link.download = `${subnet.subnet.replace(/[/:]/g, '_')}.${type}`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
    } catch (error) {
      notify(error instanceof Error ? error.message : String(error), { type: 'error' });
    }
  };
  const files = create.canAccess
    ? (['csv', 'xlsx'] as const).map((type) => ({ label: say('Export as %{toUpperCase}', { toUpperCase: type.toUpperCase() }), icon: Download, onDo: () => void save(type) }))
    : [];
  return (
    <>
      <ObjectHeader
        title={`${subnet.subnet} ${subnet.name}`}
        above={{ label: 'Subnets', to: createPath({ resource, type: 'list' }) }}
        actions={<MoreMenu label="More about this subnet" actions={[...files, ...(deletion.action ? [deletion.action] : [])]} />}
        facts={
          <>
            <span>
              <Reference resource="organizations" id={subnet.organization} none="All organizations" />
            </span>
            {usage && usage.ancestors.length > 0 && (
              <span className="ip-crumbs">
                {say('in')}
                {usage.ancestors.map((above) => (
                  <Link key={above.id} className="w-mono" to={`/subnets/${above.id}`} title={above.name}>
                    {above.subnet}
                  </Link>
                ))}
              </span>
            )}
            <span>
              {say('Changed')}{' '}<Moment at={subnet.modified} />
            </span>
          </>
        }
      />
      {deletion.question}
    </>
  );
}

function UsageCard({ usage }: { usage: Usage }) {
  const say = useText();
  return (
    <Card title="Usage">
      <UsageBar usage={usage} />
      <dl className="w-facts ip-facts">
        <div>
          <dt>{say('Recorded')}</dt>
          <dd>{usage.used.toLocaleString()}</dd>
        </div>
        <div>
          <dt>{say('Hosts')}</dt>
          <dd>{countText(usage.hosts)}</dd>
        </div>
        <div>
          <dt>{say('Free')}</dt>
          <dd>{countText((BigInt(usage.hosts) > BigInt(usage.used) ? BigInt(usage.hosts) - BigInt(usage.used) : 0n).toString())}</dd>
        </div>
        <div>
          <dt>{say('Nested subnets')}</dt>
          <dd>{usage.nested > 0 ? `${usage.nested.toLocaleString()}, ${shareText(usage.allotted)}` : say('none')}</dd>
        </div>
      </dl>
    </Card>
  );
}

/** Records addresses: the next available one, or one that was chosen. */
function TakeCard({ usage, chosen, onChosen }: { usage: Usage; chosen: string; onChosen(address: string): void }) {
  const say = useText();
  const provider = useDataProvider<IPAMProvider>();
  const queries = useQueryClient();
  const notify = useNotify();
  const [description, setDescription] = useState('');
  const [busy, setBusy] = useState(false);
  const next = useQuery({ queryKey: ['ipam', 'next', usage.id, usage.used], queryFn: () => provider.nextAddress(usage.id) });
  const take = async (address?: string) => {
    setBusy(true);
    try {
      const made = address ? await provider.record(usage.id, address, description) : await provider.requestAddress(usage.id, description);
      if (!made) {
        notify('No IP address available', { type: 'warning' });
        return;
      }
      notify(say('%{ip_address} recorded', { ip_address: made.ip_address }), { type: 'success' });
      setDescription('');
      onChosen('');
      await queries.invalidateQueries({ queryKey: ['ipam'] });
    } catch (error) {
      notify(error instanceof Error ? error.message : String(error), { type: 'error', autoHideDuration: 8000 });
    } finally {
      setBusy(false);
    }
  };
  return (
    <Card title="Take an address" note={next.data ? `next: ${next.data}` : next.data === null ? 'none is free' : undefined}>
      <Field label="Description" value={description} onChange={setDescription} maxLength={100} />
      <Field label="Address" value={chosen} onChange={onChosen} placeholder={next.data ?? ''} help="Empty: the next one that is free" className="w-mono" />
      <Button type="button" variant="contained" disabled={busy || (chosen.trim() === '' && next.data === null)} onClick={() => void take(chosen.trim() || undefined)}>
        {chosen.trim() ? say('Record %{chosen}', { chosen: chosen.trim() }) : say('Request the next address')}
      </Button>
    </Card>
  );
}

/** Finds room for a network inside the subnet. */
function RoomCard({ usage, mayCreate }: { usage: Usage; mayCreate: boolean }) {
  const say = useText();
  const provider = useDataProvider<IPAMProvider>();
  const bits = Number(usage.subnet.split('/')[1]);
  const most = usage.subnet.includes(':') ? 128 : 32;
  const [length, setLength] = useState('');
  const wanted = /^\d+$/.test(length) && Number(length) > bits && Number(length) <= most ? Number(length) : undefined;
  const found = useQuery({ queryKey: ['ipam', 'free', usage.id, wanted, usage.nested, usage.used], queryFn: () => provider.free(usage.id, wanted), enabled: bits < most });
  if (bits >= most) return null;
  // what nothing is nested in is free as a whole, which is no network inside it
  const rooms = found.data?.filter((network) => network !== usage.subnet) ?? [];
  return (
    <Card title="Room for subnets">
      <Field label="Length" value={length} onChange={setLength} inputMode="numeric" placeholder={say('%{bits} to %{most}', { bits: bits + 1, most })} help={wanted ? undefined : 'Empty: the largest networks that are free'} problem={length !== '' && !wanted ? say('A number from %{bits} to %{most}', { bits: bits + 1, most }) : undefined} />
      {found.isPending && <Loading rows={2} />}
      {found.error && <Failed reason={found.error.message} onRetry={() => void found.refetch()} />}
      {found.data?.length === 0 && <p className="w-secondary">{say('There is no room any more.')}</p>}
      {found.data?.length === 1 && rooms.length === 0 && <p className="w-secondary">{say('All of it: no subnet lies in it yet. Give a length to see where one would go.')}</p>}
      {rooms.length > 0 && (
        <ul className="w-rows ip-flush">
          {rooms.map((network) => (
            <li key={network}>
              <span className="w-grow w-mono">{network}</span>
              {mayCreate && (
                <Button
                  size="small"
                  component={Link}
                  to={`/subnets/create?${new URLSearchParams({ subnet: network, master_subnet: usage.id, organization: usage.organization ?? '' })}`}
                  startIcon={<Plus size={14} />}
                  aria-label={say('Create %{network}', { network })}
                >
                  {say('Create')}
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

const perPage = 20;

function AddressesCard({ usage }: { usage: Usage }) {
  const say = useText();
  const provider = useDataProvider<IPAMProvider>();
  const [page, setPage] = useState(1);
  const [search, setSearch] = useState('');
  const found = useQuery({ queryKey: ['ipam', 'addresses', usage.id, usage.used, page, search], queryFn: () => provider.subnetAddresses(usage.id, { page, page_size: perPage, search }), placeholderData: (before) => before });
  const count = found.data?.count ?? 0;
  return (
    <Card title="Addresses" note={usage.used.toLocaleString()}>
      {usage.used > perPage && <Field label="Find" value={search} onChange={(text) => { setSearch(text); setPage(1); }} placeholder="Address, description" />}
      {found.isPending && <Loading rows={4} />}
      {found.error && !found.data && <Failed reason={found.error.message} onRetry={() => void found.refetch()} />}
      {found.data && count === 0 && <p className="w-secondary">{search ? say('None match.') : say('None are recorded yet.')}</p>}
      {count > 0 && (
        <ul className="w-rows ip-flush">
          {found.data?.results.map((address) => (
            <li key={address.id}>
              <Link className="w-mono ip-address" to={`/addresses/${address.id}`}>
                {address.ip_address}
              </Link>
              <span className="w-grow w-clip">{address.description}</span>
              <span className="w-small w-muted w-rows-time">
                <Moment at={address.modified} />
              </span>
            </li>
          ))}
        </ul>
      )}
      {count > perPage && (
        <div className="w-row">
          <Button type="button" size="small" disabled={page <= 1} onClick={() => setPage(page - 1)}>
            {say('Before')}
          </Button>
          <span className="w-small w-numbers">
            {say('%{value} to %{page} of %{count}', { value: ((page - 1) * perPage + 1).toLocaleString(), page: Math.min(page * perPage, count).toLocaleString(), count: count.toLocaleString() })}
          </span>
          <Button type="button" size="small" disabled={page * perPage >= count} onClick={() => setPage(page + 1)}>
            {say('After')}
          </Button>
        </div>
      )}
    </Card>
  );
}

function Contents({ subnet }: { subnet: Subnet }) {
  const { data: usage, error, refetch } = useUsage(subnet.id);
  const [chosen, setChosen] = useState('');
  const side = useRef<HTMLDivElement>(null);
  const own = useOwn(subnet);
  const change = useMayChange('subnets');
  const create = useCanAccess({ resource: 'subnets', action: 'create' });
  const take = useCanAccess({ resource: 'addresses', action: 'create' });
  const see = useCanAccess({ resource: 'addresses', action: 'list' });
  if (error && !usage) return <Failed reason={error.message} onRetry={() => void refetch()} />;
  if (!usage) return <Loading rows={8} />;
  const mayTake = own && (take.canAccess ?? false);
  // on a phone what is chosen on the map stands in a field that is out of sight
  const choose = (address: string) => {
    setChosen(address);
    side.current?.querySelector('.ip-take')?.scrollIntoView({ block: 'nearest' });
  };
  return (
    <div className="ip-two">
      <div className="w-stack">
        {see.canAccess && (
          <Card title="Map">
            <SubnetMap usage={usage} onFree={mayTake ? choose : undefined} />
          </Card>
        )}
        {see.canAccess && <AddressesCard usage={usage} />}
        <SubnetForm locked={!own || !change} />
      </div>
      <div className="w-stack ip-side" ref={side}>
        <UsageCard usage={usage} />
        {mayTake && (
          <div className="ip-take">
            <TakeCard usage={usage} chosen={chosen} onChosen={setChosen} />
          </div>
        )}
        <RoomCard usage={usage} mayCreate={own && (create.canAccess ?? false)} />
        <DivisionCard subnet={subnet.id} organization={subnet.organization} />
      </div>
    </div>
  );
}

/** The page. */
export default function SubnetEdit() {
  return (
    <EditPage<Subnet> what="subnet" header={(subnet) => <Header subnet={subnet} />} transform={subnetBody as never} bar={<FormToolbar />}>
      <SubnetPage />
    </EditPage>
  );
}

function SubnetPage() {
  const subnet = useRecordContext<Subnet>();
  return subnet ? <Contents subnet={subnet} /> : null;
}
