// The tab of a device with the VPN servers that it is a client of.
import { useQuery } from '@tanstack/react-query';
import { useDataProvider, useRecordContext } from 'react-admin';
import { Card } from '../design/Card';
import { Empty, Failed, Loading } from '../design/states';
import { useText } from '../design/useText';
import { CertificatesCard } from './CertificatesCard';
import { ClientRow } from './ClientRow';
import type { VPNProvider } from './operations';

function Tunnels() {
  const say = useText();
  const device = useRecordContext();
  const provider = useDataProvider<VPNProvider>();
  const id = device?.id ?? '';
  const { data, error, isPending, refetch } = useQuery({ queryKey: ['vpn', 'of', id], queryFn: () => provider.deviceVPNs(id), enabled: id !== '', refetchInterval: 15_000 });
  if (isPending) return <Loading rows={3} />;
  if (error) return <Failed reason={error.message} onRetry={() => void refetch()} />;
  if (data.count === 0) return <Empty title="No tunnels">{say('A template of the type VPN-client makes a device the client of a VPN server.')}</Empty>;
  return (
    <Card title="Tunnels" flush>
      <ul className="w-rows">
        {data.results.map((client) => (
          <ClientRow key={client.id} client={client} to={`/vpns/${client.vpn}`} name={client.vpn_name || client.vpn} />
        ))}
      </ul>
    </Card>
  );
}

/** The tab. */
export default function TunnelsTab() {
  return (
    <div className="w-stack">
      <Tunnels />
      <CertificatesCard />
    </div>
  );
}
