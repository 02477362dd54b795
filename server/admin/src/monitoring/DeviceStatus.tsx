// What a device told last: resources, interfaces, clients, neighbours, leases, modems.
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useDataProvider, useRecordContext } from 'react-admin';
import { Card } from '../design/Card';
import { Moment } from '../design/Moment';
import { Status } from '../design/Status';
import { Empty, Failed, Loading } from '../design/states';
import { useText } from '../design/useText';
import { useChanges, usePace } from '../live/useLive';
import type { MonitoringProvider } from './operations';
import type { DeviceDocument, Interface } from './types';
import { bytes, duration, generation } from './values';
import './monitoring.css';

const kind = 'device_monitoring.devicedata';

function Facts({ facts }: { facts: [string, ReactNode][] }) {
  return (
    <dl className="w-facts">
      {facts.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Resources({ data }: { data: DeviceDocument }) {
  const say = useText();
  const { load, cpus, memory, disk } = data.resources ?? {};
  const facts: [string, ReactNode][] = [['Running for', duration(data.general?.uptime)]];
  if (load) facts.push([cpus ? say('Load on %{cpus} cores', { cpus }) : say('Load'), load.map((n) => n.toFixed(2)).join(' ')]);
  if (memory) facts.push(['Memory free', say('%{available} of %{total}', { available: bytes(memory.available ?? memory.free), total: bytes(memory.total) })]);
  for (const { mount_point, used_bytes, size_bytes } of disk ?? []) facts.push([say('Disk %{mount_point}', { mount_point }), say('%{used_bytes} of %{size_bytes}', { used_bytes: bytes(used_bytes), size_bytes: bytes(size_bytes) })]);
  return (
    <Card title="Resources" flush>
      <Facts facts={facts} />
    </Card>
  );
}

function Table({ head, rows }: { head: string[]; rows: ReactNode[][] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways must be reached by the keyboard
    <div className="w-scroll" tabIndex={0} role="region" aria-label={head.join(', ')}>
      <table className="w-plain">
        <thead>
          <tr>
            {head.map((text) => (
              <th key={text}>{text}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((cells, i) => (
            <tr key={i}>
              {cells.map((cell, j) => (
                <td key={j}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function wifi(i: Interface): string {
  const w = i.wireless;
  if (!w) return i.speed ? i.speed.replace(/^(\d+)([FH])$/, (_, n: string, duplex: string) => `${n} Mbit/s, ${duplex === 'F' ? 'full' : 'half'} duplex`) : '';
  return [w.ssid, w.mode.replaceAll('_', ' '), `channel ${w.channel}`, generation(w.htmode), `${w.tx_power} dBm`].filter(Boolean).join(', ');
}

/** Interfaces that only have a name are left out: there is nothing to say of them. */
function Interfaces({ list }: { list: Interface[] }) {
  const shown = list.filter((i) => Object.keys(i).length > 2).sort((a, b) => a.name.localeCompare(b.name));
  return (
    <Card title="Interfaces" note={shown.length} flush>
      <Table
        head={['Name', 'State', 'MAC address', 'Addresses', 'Link', 'Received', 'Sent']}
        rows={shown.map((i) => [
          <b key="name">{i.name}</b>,
          i.up === undefined ? '' : <Status key="state" status={i.up ? 'ok' : 'off'} word={i.up ? 'up' : 'down'} />,
          <span key="mac" className="w-mono">{i.mac}</span>,
          <span key="addresses" className="w-mono">{i.addresses?.map(({ address, mask }) => `${address}/${mask}`).join(' ')}</span>,
          wifi(i),
          bytes(i.statistics?.rx_bytes),
          bytes(i.statistics?.tx_bytes),
        ])}
      />
    </Card>
  );
}

function Clients({ list }: { list: Interface[] }) {
  const clients = list.flatMap((i) => (i.wireless?.clients ?? []).map((client) => ({ ...client, at: i.name, ssid: i.wireless?.ssid })));
  if (clients.length === 0) return null;
  return (
    <Card title="WiFi clients" note={clients.length} flush>
      <Table
        head={['MAC address', 'Vendor', 'Interface', 'Network', 'Generation', 'Signal']}
        rows={clients.map(({ mac, vendor, at, ssid, he, vht, ht, signal }) => [
          <span key="mac" className="w-mono">{mac}</span>,
          vendor,
          at,
          ssid,
          he ? 'WiFi 6' : vht ? 'WiFi 5' : ht ? 'WiFi 4' : '',
          signal === undefined ? '' : `${signal} dBm`,
        ])}
      />
    </Card>
  );
}

function Modems({ list }: { list: Interface[] }) {
  const say = useText();
  return list
    .filter(({ mobile }) => mobile)
    .map(({ name, mobile }) => (
      <Card key={name} title={say('Modem %{name}', { name })} flush>
        <Facts
          facts={[
            ['Operator', mobile?.operator_name],
            ['State', mobile?.connection_status],
            ['Model', `${mobile?.manufacturer} ${mobile?.model}`],
            ...Object.entries(mobile?.signal ?? {}).map(([technology, values]): [string, ReactNode] => [technology.toUpperCase(), Object.entries(values).map(([key, value]) => `${key} ${value}`).join(', ')]),
          ]}
        />
      </Card>
    ));
}

/** The part of the device's page. */
export default function DeviceStatus() {
  const say = useText();
  const record = useRecordContext();
  const provider = useDataProvider<MonitoringProvider>();
  const id = record?.id ?? '';
  const { data, error, refetch } = useQuery({
    queryKey: ['monitoring', 'status', id],
    queryFn: () => provider.deviceStatus(id),
    enabled: id !== '',
    refetchInterval: usePace(kind, { untold: 60_000 }),
  });
  useChanges(kind, () => void refetch(), String(id));
  if (!data && !error) return <Loading />;
  if (error && !data) return <Failed reason={error.message} onRetry={() => void refetch()} />;
  const document = data?.data;
  if (!document) return <Empty title="This device has not told anything yet">{say('It needs a monitoring agent, which sends what it measures with the key of the device.')}</Empty>;
  const { interfaces = [], neighbors = [], dhcp_leases: leases = [] } = document;
  return (
    <div className="w-stack">
      <p className="w-small w-secondary">
        {say('Measured')}{' '}<Moment at={data?.data_timestamp} />
      </p>
      <Resources data={document} />
      <Modems list={interfaces} />
      {interfaces.length > 0 && <Interfaces list={interfaces} />}
      <Clients list={interfaces} />
      {leases.length > 0 && (
        <Card title="DHCP leases" note={leases.length} flush>
          <Table head={['Address', 'MAC address', 'Vendor', 'Name']} rows={leases.map(({ ip, mac, vendor, client_name }) => [<span key="ip" className="w-mono">{ip}</span>, <span key="mac" className="w-mono">{mac}</span>, vendor, client_name])} />
        </Card>
      )}
      {neighbors.length > 0 && (
        <Card title="Neighbours" note={neighbors.length} flush>
          <Table head={['Address', 'MAC address', 'Vendor', 'Interface', 'State']} rows={neighbors.map(({ ip, mac, vendor, interface: at, state }) => [<span key="ip" className="w-mono">{ip}</span>, <span key="mac" className="w-mono">{mac}</span>, vendor, at, state])} />
        </Card>
      )}
    </div>
  );
}
