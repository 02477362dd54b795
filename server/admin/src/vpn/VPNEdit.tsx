// The page of a VPN server: how it is, who is at it, how its host is set up, what it is.
import { Button } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { Download } from 'lucide-react';
import { useState } from 'react';
import { useCreatePath, useDataProvider, useRecordContext } from 'react-admin';
import { Link } from 'react-router-dom';
import { Banner } from '../design/Banner';
import { Card } from '../design/Card';
import { CopyableText } from '../design/Copyable';
import { Moment } from '../design/Moment';
import { MoreMenu } from '../design/MoreMenu';
import { ObjectHeader } from '../design/ObjectHeader';
import { StatusPill } from '../design/Status';
import { Failed, Loading } from '../design/states';
import { useText } from '../design/useText';
import { EditPage } from '../forms/EditPage';
import { FormToolbar, useDeletion, useMayChange } from '../forms/FormParts';
import { Reference } from '../lists/Reference';
import { ClientRow } from './ClientRow';
import { backendName, serverLook } from './looks';
import type { VPNProvider } from './operations';
import type { VPN } from './types';
import { VPNForm, vpnBody } from './VPNForm';

function Header({ vpn }: { vpn: VPN }) {
  const say = useText();
  const createPath = useCreatePath();
  const change = useMayChange('vpns');
  const deletion = useDeletion('VPN server', vpn.name, say('The templates that lead to it are deleted with it, and %{clients} devices lose their tunnel.', { clients: vpn.clients.toLocaleString() }));
  const download = { label: 'Download configuration, keys included', icon: Download, href: `/api/v1/controller/vpn/${vpn.id}/configuration/` };
  const look = serverLook(vpn);
  return (
    <>
      <ObjectHeader
        title={vpn.name}
        above={{ label: 'VPN servers', to: createPath({ resource: 'vpns', type: 'list' }) }}
        pill={<StatusPill status={look.status} word={look.word} />}
        actions={<MoreMenu label="More about this VPN server" actions={[...(change ? [download] : []), ...(deletion.action ? [deletion.action] : [])]} />}
        facts={
          <>
            <span>{backendName(vpn.backend)}</span>
            <span className="w-mono">{vpn.ip_address || vpn.host}</span>
            <span>
              <Reference resource="organizations" id={vpn.organization} none="All organizations" />
            </span>
            {vpn.status && (
              <span>
                {say('%{driver}, reported', { driver: vpn.status.driver })}{' '}<Moment at={vpn.status.reported} />
              </span>
            )}
          </>
        }
      />
      {deletion.question}
    </>
  );
}

function Clients({ vpn }: { vpn: VPN }) {
  const say = useText();
  const provider = useDataProvider<VPNProvider>();
  const [page, setPage] = useState(1);
  const { data, error, isPending, refetch } = useQuery({ queryKey: ['vpn', 'clients', vpn.id, page], queryFn: () => provider.vpnClients(vpn.id, page), refetchInterval: 15_000 });
  return (
    <Card title="Clients" note={data ? data.count.toLocaleString() : undefined} flush={Boolean(data?.results.length)}>
      {isPending && <Loading rows={3} />}
      {error && <Failed reason={error.message} onRetry={() => void refetch()} />}
      {data?.count === 0 && <p className="w-secondary">{say('None yet. Devices become clients by templates of the type VPN-client that name this server.')}</p>}
      {data && data.count > 0 && (
        <ul className="w-rows">
          {data.results.map((client) => (
            <ClientRow key={client.id} client={client} to={`/devices/${client.device}`} name={client.device_name || client.device} />
          ))}
        </ul>
      )}
      {data && (data.previous || data.next) && (
        <p>
          <Button size="small" disabled={!data.previous} onClick={() => setPage(page - 1)}>
            {say('Previous')}
          </Button>
          <Button size="small" disabled={!data.next} onClick={() => setPage(page + 1)}>
            {say('Next')}
          </Button>
        </p>
      )}
    </Card>
  );
}

/** How the host of the server is set up. */
function HostCard({ vpn }: { vpn: VPN }) {
  if (vpn.hub || !vpn.key || vpn.backend.endsWith('ZeroTier')) return null;
  return (
    <Card title="On the host" note="Linux, as root">
      <div className="w-stack">
        <CopyableText label="Line for /etc/wispwright/vpn-servers" text={`${vpn.id} ${vpn.key}`} />
        <CopyableText label="Unit" text={`wispwright vpn-server ${window.location.origin} --unit >/etc/systemd/system/wispwright-vpn.service`} />
        <CopyableText label="Start" text="systemctl enable --now wispwright-vpn" />
      </div>
    </Card>
  );
}

function Page() {
  const say = useText();
  const vpn = useRecordContext<VPN>();
  const change = useMayChange('vpns');
  if (!vpn) return null;
  return (
    <div className="w-stack w-form">
      {vpn.status?.state === 'failed' && (
        <Banner status="critical" title="What is to run does not come up">
          {say('%{reason} What ran before runs on.', { reason: vpn.status.reason })}
        </Banner>
      )}
      {vpn.trouble && (
        <Banner status="critical" title="The host cannot be told">
          {vpn.trouble}
        </Banner>
      )}
      {vpn.hub && <Banner status="unknown" title="This installation runs the server itself" />}
      <Clients vpn={vpn} />
      <HostCard vpn={vpn} />
      <VPNForm locked={!change} />
      <p className="w-small">
        <Link to={`/templates?filter=${encodeURIComponent(JSON.stringify({ vpn: vpn.id }))}`}>{say('Templates of this server')}</Link>
      </p>
    </div>
  );
}

function Bar() {
  return <FormToolbar locked={!useMayChange('vpns')} />;
}

/** The page. */
export default function VPNEdit() {
  return (
    <EditPage<VPN> what="VPN server" transform={vpnBody as never} header={(vpn) => <Header vpn={vpn} />} bar={<Bar />}>
      <Page />
    </EditPage>
  );
}
