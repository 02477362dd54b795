// The subnets as a tree, each with how full it is; what is searched for stands in one list.
import { Button } from '@mui/material';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { ChevronRight, Plus, Search, Upload } from 'lucide-react';
import { useDeferredValue, useState } from 'react';
import { useCanAccess, useDataProvider, useGetList } from 'react-admin';
import { Link, useSearchParams } from 'react-router-dom';
import { APIError } from '../api/errors';
import { PageHead } from '../design/PageHead';
import { Empty, Failed, Loading, Refused } from '../design/states';
import { useText } from '../design/useText';
import { Reference } from '../lists/Reference';
import { useManagedOrganizations } from '../tenancy/managed';
import { countText } from './addresses';
import type { IPAMProvider } from './operations';
import type { Usage } from './types';
import { UsageBar } from './UsageBar';
import './ipam.css';

const perStep = 50;

/** Some of the subnets, and how to have more of them. */
function useUsages(query: Record<string, unknown>) {
  const provider = useDataProvider<IPAMProvider>();
  const [steps, setSteps] = useState(1);
  const found = useQuery({
    queryKey: ['ipam', 'usages', query, steps],
    queryFn: async () => {
      const pages = await Promise.all(Array.from({ length: steps }, (_, at) => provider.usages({ ...query, page: at + 1, page_size: perStep }).catch((error) => {
        // the last page may have gone meanwhile
        if (at > 0 && error instanceof APIError && error.status === 404) return { count: 0, results: [] as Usage[] };
        throw error;
      })));
      return { count: pages[0].count, results: pages.flatMap(({ results }) => results) };
    },
    placeholderData: keepPreviousData,
    refetchInterval: 30_000,
    retry: 1,
  });
  return { ...found, more: () => setSteps(steps + 1) };
}

function More({ found, depth }: { found: ReturnType<typeof useUsages>; depth: number }) {
  const say = useText();
  const shown = found.data?.results.length ?? 0;
  const total = found.data?.count ?? 0;
  if (shown >= total) return null;
  return (
    <tr>
      <td colSpan={5} style={{ paddingLeft: 36 + depth * 20 }}>
        <button type="button" className="w-link" onClick={found.more}>
          {say('Show more: %{value} are left', { value: (total - shown).toLocaleString() })}
        </button>
      </td>
    </tr>
  );
}

/** Which networks of devices are listed: those that rules made. Nothing: as the server is set. */
const kinds = [
  { id: '', name: 'All kinds' },
  { id: 'generated=all', name: 'Networks of devices too' },
  { id: 'generated=true', name: 'Networks of devices only' },
  { id: 'generated=false', name: 'No networks of devices' },
  { id: 'rule_type=openwisp_controller.subnet_division.rule_types.device.DeviceSubnetDivisionRuleType', name: 'Divided among devices' },
  { id: 'rule_type=openwisp_controller.subnet_division.rule_types.vpn.VpnSubnetDivisionRuleType', name: 'Divided among VPN clients' },
];

/** What is asked for beside the search: the addresses of OpenWISP's admin name the same. */
const asked = ['generated', 'rule_type', 'vpn', 'device'] as const;

/** The devices that a subnet was made for. */
function Devices({ usage }: { usage: Usage }) {
  const say = useText();
  if (usage.device) {
    return (
      <>
        {' '}
        <Link className="w-secondary" to={`/devices/${usage.device.id}`} title="The device that has it">
          {usage.device.name}
        </Link>
      </>
    );
  }
  if (!usage.divided) return null;
  return (
    <>
      {' '}
      <Link className="w-secondary" to={`/devices?filter=${encodeURIComponent(JSON.stringify({ subnet: usage.subnet }))}`}>
        {say('See all devices')}
      </Link>
    </>
  );
}

function Row({ usage, depth, tree, query }: { usage: Usage; depth: number; tree: boolean; query: Record<string, string> }) {
  const say = useText();
  const [open, setOpen] = useState(false);
  return (
    <>
      <tr>
        <td>
          <span className="ip-name" style={{ paddingLeft: depth * 20 }}>
            {tree && usage.nested > 0 ? (
              <button type="button" className="ip-twist" aria-expanded={open} aria-label={`${open ? 'Close' : 'Open'} ${usage.subnet}`} onClick={() => setOpen(!open)}>
                <ChevronRight size={14} />
              </button>
            ) : (
              <span className="ip-twist" aria-hidden="true" />
            )}
            <Link className="w-mono" to={`/subnets/${usage.id}`}>
              {usage.subnet}
            </Link>
          </span>
        </td>
        <td title={usage.description}>
          {usage.name}
          <Devices usage={usage} />
        </td>
        <td className="ip-wide">
          <Reference resource="organizations" id={usage.organization} none="All organizations" />
        </td>
        <td>
          <UsageBar usage={usage} />
        </td>
        <td className="ip-right ip-wide">
          {say('%{used} of %{hosts}', { used: usage.used.toLocaleString(), hosts: countText(usage.hosts) })}
        </td>
      </tr>
      {open && <Nested master={usage.id} depth={depth + 1} query={query} />}
    </>
  );
}

function Nested({ master, depth, query }: { master: string; depth: number; query: Record<string, string> }) {
  const say = useText();
  const [shown, setShown] = useState(false);
  const below = shown ? { generated: 'all' } : query;
  const found = useUsages({ ...below, master_subnet: master });
  if (found.error && !found.data) {
    return (
      <tr>
        <td colSpan={5} role="alert">
          {found.error.message}{' '}
          <button type="button" className="w-link" onClick={() => void found.refetch()}>
            {say('Try again')}
          </button>
        </td>
      </tr>
    );
  }
  return (
    <>
      {found.data?.count === 0 && !shown && (
        <tr>
          <td colSpan={5} style={{ paddingLeft: 36 + depth * 20 }}>
            {say('Only networks that rules made for devices.')}{' '}
            <button type="button" className="w-link" onClick={() => setShown(true)}>
              {say('Show them')}
            </button>
          </td>
        </tr>
      )}
      {found.data?.results.map((usage) => <Row key={usage.id} usage={usage} depth={depth} tree query={below} />)}
      <More found={found} depth={depth} />
    </>
  );
}

/** The page. */
export default function SubnetTree() {
  const say = useText();
  const [typed, setTyped] = useState('');
  const [organization, setOrganization] = useState('');
  const [address, setAddress] = useSearchParams();
  const wanted = Object.fromEntries(asked.flatMap((name) => (address.get(name) ? [[name, address.get(name) ?? '']] : [])));
  const search = useDeferredValue(typed.trim());
  const organizations = useManagedOrganizations();
  const create = useCanAccess({ resource: 'subnets', action: 'create' });
  const narrowed = wanted.rule_type || wanted.vpn || wanted.device || wanted.generated === 'true';
  const tree = search === '' && organization === '' && !narrowed;
  const found = useUsages(tree ? { ...wanted, root: true } : { ...wanted, search, organization });
  const servers = useCanAccess({ resource: 'vpns', action: 'list' });
  const { data: vpns } = useGetList<{ id: string; name: string }>('vpns', { pagination: { page: 1, perPage: 100 }, sort: { field: 'name', order: 'ASC' }, filter: {} }, { enabled: Boolean(servers.canAccess) });
  const kind = wanted.rule_type ? `rule_type=${wanted.rule_type}` : wanted.generated ? `generated=${wanted.generated}` : '';
  const narrow = (change: Record<string, string>) => {
    const next = { ...wanted, ...change };
    setAddress(Object.fromEntries(Object.entries(next).filter(([, value]) => value !== '')), { replace: true });
  };
  const choose = (text: string) => {
    const at = text.indexOf('=');
    narrow({ generated: '', rule_type: '', ...(at > 0 ? { [text.slice(0, at)]: text.slice(at + 1) } : {}) });
  };
  const refused = found.error instanceof APIError && found.error.status === 403;
  const rows = found.data?.results ?? [];
  const invite = create.canAccess && (
    <Button variant="contained" component={Link} to="/subnets/create">
      {say('Create subnet')}
    </Button>
  );
  return (
    <div className="w-list">
      <PageHead title="Subnets">
        {create.canAccess && (
          <>
            <Button variant="outlined" component={Link} to="/subnets-import" startIcon={<Upload size={16} />}>
              {say('Import')}
            </Button>
            <Button variant="contained" component={Link} to="/subnets/create" startIcon={<Plus size={16} />}>
              {say('Create subnet')}
            </Button>
          </>
        )}
      </PageHead>
      {refused ? (
        <Refused title="You may not see subnets">{found.error?.message}</Refused>
      ) : (
        <>
          <div className="w-filters">
            <label className="w-search">
              <Search size={16} aria-hidden="true" />
              <input type="search" aria-label={say('Search subnets')} placeholder={say('Address, network, name')} value={typed} onChange={(event) => setTyped(event.target.value)} />
            </label>
            {organizations.length > 1 && (
              <select className="ip-select" aria-label={say('Organization')} value={organization} onChange={(event) => setOrganization(event.target.value)}>
                <option value="">{say('All organizations')}</option>
                {organizations.map(({ id, name }) => (
                  <option key={id} value={id}>
                    {name}
                  </option>
                ))}
              </select>
            )}
            <select className="ip-select" aria-label={say('Kind')} value={kind} onChange={(event) => choose(event.target.value)}>
              {kinds.map(({ id, name }) => (
                <option key={id} value={id}>
                  {say(name)}
                </option>
              ))}
            </select>
            {vpns !== undefined && vpns.length > 0 && (
              <select className="ip-select" aria-label={say('VPN server')} value={wanted.vpn ?? ''} onChange={(event) => narrow({ vpn: event.target.value })}>
                <option value="">{say('Any VPN server')}</option>
                {vpns.map(({ id, name }) => (
                  <option key={id} value={id}>
                    {name}
                  </option>
                ))}
              </select>
            )}
            <form
              className="ip-device"
              onSubmit={(event) => {
                event.preventDefault();
                narrow({ device: String(new FormData(event.currentTarget).get('device') ?? '').trim() });
              }}
            >
              <input className="ip-select" name="device" key={wanted.device} aria-label={say('Device')} placeholder={say('Name of a device')} defaultValue={wanted.device ?? ''} onBlur={(event) => event.target.value.trim() !== (wanted.device ?? '') && narrow({ device: event.target.value.trim() })} />
            </form>
          </div>
          {found.isPending && <Loading rows={12} onRetry={() => void found.refetch()} />}
          {found.error && !found.data && <Failed reason={found.error.message} onRetry={() => void found.refetch()} />}
          {found.data && rows.length === 0 && (tree ? <Empty title="No subnets yet" action={invite}>{say('A subnet is a network whose addresses are kept account of.')}</Empty> : <Empty title="No subnets match" action={<Button variant="outlined" onClick={() => { setTyped(''); setOrganization(''); setAddress({}, { replace: true }); }}>{say('Clear filters')}</Button>} />)}
          {rows.length > 0 && (
            <table className="ip-tree">
              <thead>
                <tr>
                  <th style={{ width: '30%' }}>{say('Network')}</th>
                  <th style={{ width: '22%' }}>{say('Name')}</th>
                  <th className="ip-wide">{say('Organization')}</th>
                  <th style={{ width: '26%' }}>{say('Usage')}</th>
                  <th className="ip-right ip-wide" style={{ width: 140 }}>
                    {say('Addresses')}
                  </th>
                </tr>
              </thead>
              <tbody>
                {rows.map((usage) => (
                  <Row key={usage.id} usage={usage} depth={0} tree={tree} query={wanted} />
                ))}
                <More found={found} depth={0} />
              </tbody>
            </table>
          )}
        </>
      )}
    </div>
  );
}
