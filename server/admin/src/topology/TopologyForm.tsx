// The form of a topology.
import { useQuery } from '@tanstack/react-query';
import { BooleanInput, NumberInput, required, SelectInput, TextInput } from 'react-admin';
import { useWatch } from 'react-hook-form';
import { CopyableText } from '../design/Copyable';
import { Columns, FormCard, FormProblems } from '../forms/FormParts';
import { OrganizationInput } from '../tenancy/references';
import type { Topology } from './types';

const formats = [
  ['netdiff.OlsrParser', 'OLSRd (txtinfo/jsoninfo)'],
  ['netdiff.BatmanParser', 'batman-advanced (jsondoc/txtinfo)'],
  ['netdiff.BmxParser', 'BMX6 (q6m)'],
  ['netdiff.NetJsonParser', 'NetJSON NetworkGraph'],
  ['netdiff.CnmlParser', 'CNML 1.0'],
  ['netdiff.OpenvpnParser', 'OpenVPN'],
  ['netdiff.WireguardParser', 'Wireguard'],
  ['netdiff.ZeroTierParser', 'ZeroTier'],
];

/** The formats that the server reads: a vendor may have more than the product. */
function useFormats(): { id: string; name: string }[] {
  const { data } = useQuery({
    queryKey: ['topology', 'formats'],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async () => {
      const answer = await fetch('/api/v1/network-topology/summary/topology/', { method: 'OPTIONS', credentials: 'same-origin', headers: { Accept: 'application/json' } });
      const body = (await answer.json()) as { actions?: Record<string, { parser?: { choices?: { value: string; display_name: string }[] } }> };
      return body.actions?.POST?.parser?.choices ?? [];
    },
  });
  const known = data && data.length > 0 ? data.map(({ value, display_name }) => [value, display_name]) : formats;
  return known.map(([id, name]) => ({ id, name }));
}

/** How senders send, by format. */
const sources: Record<string, string> = {
  'netdiff.OpenvpnParser': 'cat /var/run/openvpn/status.log',
  'netdiff.WireguardParser': 'wg show all dump',
  'netdiff.ZeroTierParser': 'zerotier-cli peers -j',
  'netdiff.OlsrParser': "echo '/all' | nc 127.0.0.1 9090",
  'netdiff.BatmanParser': 'batadv-vis -f jsondoc',
  'netdiff.BabelParser': 'echo dump | nc ::1 33123',
  'netdiff.LldpParser': '(lldpcli -f json show chassis; lldpcli -f json show neighbors)',
};

/** The inputs. */
export function TopologyForm({ locked = false, topology }: { locked?: boolean; topology?: Topology }) {
  const strategy = useWatch({ name: 'strategy' }) as string;
  const parser = useWatch({ name: 'parser' }) as string;
  const choices = useFormats();
  return (
    <div className="w-stack">
      <FormCard title="Topology">
        <FormProblems />
        <Columns>
          <TextInput source="label" validate={required()} readOnly={locked} helperText={false} fullWidth />
          <OrganizationInput source="organization" shareable readOnly={locked} />
          <SelectInput source="parser" choices={choices} validate={required()} readOnly={locked} helperText="What the data are" fullWidth />
          <SelectInput
            source="strategy"
            choices={[
              { id: 'fetch', name: 'Fetched: this server asks' },
              { id: 'receive', name: 'Received: somebody sends' },
            ]}
            validate={required()}
            readOnly={locked}
            helperText={false}
            fullWidth
          />
          {strategy === 'fetch' && <TextInput source="url" readOnly={locked} helperText="Asked every few minutes" parse={(value: string) => value ?? ''} fullWidth />}
          {strategy === 'receive' && <TextInput source="key" readOnly={locked} helperText="Empty: a new one is made" parse={(value: string) => value ?? ''} autoComplete="off" fullWidth />}
          {strategy === 'receive' && <NumberInput source="expiration_time" min={0} readOnly={locked} helperText="Seconds after which a link goes down that nobody names; 0: at once" fullWidth />}
          <BooleanInput source="published" readOnly={locked} helperText="Others are neither updated nor shown" />
        </Columns>
      </FormCard>
      {topology?.strategy === 'receive' && topology.receive_url && (
        <FormCard title="How to send" note="from cron, every few minutes">
          <CopyableText label="Address" text={topology.receive_url} secret />
          <pre className="tp-command">{`${sources[parser] ?? '<command>'} | curl -X POST --data-binary @- \\\n  --header "Content-Type: text/plain" --header "X-Topology-Key: $KEY" \\\n  ${topology.receive_url.replace(/\?.*/, '')}`}</pre>
        </FormCard>
      )}
    </div>
  );
}

/** What the API takes. */
export function topologyBody(record: Partial<Topology>): Partial<Topology> {
  const { label, parser, strategy, url, key, expiration_time, published } = record;
  const body: Partial<Topology> = { label, parser, strategy, published: published ?? true, organization: record.organization || null, url: url ?? '', expiration_time: expiration_time ?? 0 };
  return key ? { ...body, key } : body;
}
