// The rules that divide a subnet for devices, on the subnet's page.
import { Button, MenuItem, TextField } from '@mui/material';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useCanAccess, useDataProvider, useNotify } from 'react-admin';
import { Ask } from '../design/Ask';
import { Card } from '../design/Card';
import { Field } from '../design/Field';
import { Failed, Loading } from '../design/states';
import type { VPNProvider } from './operations';
import type { DivisionRule } from './types';

const types = [
  { id: 'openwisp_controller.subnet_division.rule_types.device.DeviceSubnetDivisionRuleType', name: 'Each device' },
  { id: 'openwisp_controller.subnet_division.rule_types.vpn.VpnSubnetDivisionRuleType', name: 'Each VPN client' },
];

function typeName(id: string): string {
  return types.find((type) => type.id === id)?.name ?? id;
}

/** The card. */
export function DivisionCard({ subnet, organization }: { subnet: string; organization: string | null }) {
  const provider = useDataProvider<VPNProvider>();
  const queries = useQueryClient();
  const notify = useNotify();
  const seen = useCanAccess({ resource: 'divisionrules', action: 'list' });
  const add = useCanAccess({ resource: 'divisionrules', action: 'create' });
  const remove = useCanAccess({ resource: 'divisionrules', action: 'delete' });
  const key = ['vpn', 'rules', subnet];
  const { data, error, isPending, refetch } = useQuery({ queryKey: key, queryFn: () => provider.divisionRules(subnet), enabled: Boolean(seen.canAccess) });
  const [rule, setRule] = useState({ type: types[0]?.id ?? '', label: '', subnets: '1', size: '28', ips: '1' });
  const [going, setGoing] = useState<DivisionRule>();
  const [busy, setBusy] = useState(false);
  if (!seen.canAccess) return null;
  const run = async (work: () => Promise<unknown>) => {
    setBusy(true);
    try {
      await work();
      await queries.invalidateQueries({ queryKey: key });
    } catch (problem) {
      notify(problem instanceof Error ? problem.message : String(problem), { type: 'error', autoHideDuration: 8000 });
    }
    setBusy(false);
    setGoing(undefined);
  };
  const create = () =>
    run(async () => {
      await provider.addDivisionRule(subnet, { type: rule.type, label: rule.label, number_of_subnets: Number(rule.subnets), size: Number(rule.size), number_of_ips: Number(rule.ips), organization });
      setRule({ ...rule, label: '' });
    });
  return (
    <Card title="Division" note="networks of devices out of this subnet">
      {isPending && <Loading rows={2} />}
      {error && <Failed reason={error.message} onRetry={() => void refetch()} />}
      {data?.count === 0 && <p className="w-secondary">No rules. A rule gives each device networks of its own, with variables for templates.</p>}
      <ul className="w-rows">
        {data?.results.map((one) => (
          <li key={one.id}>
            <span className="w-grow">
              <strong>{one.label}</strong> {typeName(one.type)}: {one.number_of_subnets} × /{one.size}, {one.number_of_ips} addresses each
            </span>
            {remove.canAccess && (
              <Button size="small" aria-label={`Remove ${one.label}`} onClick={() => setGoing(one)}>
                <Trash2 size={14} />
              </Button>
            )}
          </li>
        ))}
      </ul>
      {add.canAccess && organization !== null && (
        <>
          <TextField select size="small" label="For" value={rule.type} onChange={(event) => setRule({ ...rule, type: event.target.value })} fullWidth margin="normal">
            {types.map(({ id, name }) => (
              <MenuItem key={id} value={id}>
                {name}
              </MenuItem>
            ))}
          </TextField>
          <Field label="Label" value={rule.label} onChange={(label) => setRule({ ...rule, label })} maxLength={30} help="Begins the names of variables" />
          <Field label="Networks" value={rule.subnets} onChange={(subnets) => setRule({ ...rule, subnets })} inputMode="numeric" />
          <Field label="Size (prefix length)" value={rule.size} onChange={(size) => setRule({ ...rule, size })} inputMode="numeric" />
          <Field label="Addresses in each" value={rule.ips} onChange={(ips) => setRule({ ...rule, ips })} inputMode="numeric" />
          <Button type="button" variant="outlined" disabled={busy || !rule.label.trim()} onClick={() => void create()}>
            Add rule
          </Button>
        </>
      )}
      {going && (
        <Ask title={`Remove the rule ${going.label}?`} verb="Remove the rule" keep="Keep it" dangerous busy={busy} onDo={() => void run(() => provider.removeDivisionRule(going.id))} onClose={() => setGoing(undefined)}>
          Its networks and addresses are taken back from all devices, and their configurations are rendered anew.
        </Ask>
      )}
    </Card>
  );
}
