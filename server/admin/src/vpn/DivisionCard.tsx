// The rules that divide a subnet for devices, on the subnet's page.
import { Button, MenuItem, TextField } from '@mui/material';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Pencil, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useCanAccess, useDataProvider, useNotify } from 'react-admin';
import { Ask } from '../design/Ask';
import { Card } from '../design/Card';
import { Field } from '../design/Field';
import { Failed, Loading } from '../design/states';
import { useText } from '../design/useText';
import type { VPNProvider } from './operations';
import type { DivisionForecast, DivisionRule } from './types';

const types = [
  { id: 'openwisp_controller.subnet_division.rule_types.device.DeviceSubnetDivisionRuleType', name: 'Each device' },
  { id: 'openwisp_controller.subnet_division.rule_types.vpn.VpnSubnetDivisionRuleType', name: 'Each VPN client' },
];

function typeName(id: string): string {
  return types.find((type) => type.id === id)?.name ?? id;
}

/** How many more devices find a place. */
function roomText(room: string): string {
  return room === '0' ? 'no room for another device' : `room for ${BigInt(room).toLocaleString()} more`;
}

/** How much room a rule has left. */
function Room({ rule }: { rule: string }) {
  const provider = useDataProvider<VPNProvider>();
  const { data } = useQuery({ queryKey: ['vpn', 'forecast', rule], queryFn: () => provider.divisionForecast(rule) });
  if (!data) return null;
  return <span className={data.room === '0' ? 'w-field-problem' : 'w-secondary'}> · {roomText(data.room)}</span>;
}

/** What may still be changed of a rule. */
function Change({ rule, busy, onDo, onClose }: { rule: DivisionRule; busy: boolean; onDo(change: { label: string; number_of_ips: number }): void; onClose(): void }) {
  const say = useText();
  const [label, setLabel] = useState(rule.label);
  const [ips, setIPs] = useState(String(rule.number_of_ips));
  const fewer = Number(ips) < rule.number_of_ips;
  return (
    <Ask title={say('Change the rule %{label}', { label: rule.label })} verb="Change the rule" keep="Leave it" busy={busy} blocked={fewer || !label.trim() ? 'A rule has a label, and never fewer addresses' : false} onDo={() => onDo({ label, number_of_ips: Number(ips) })} onClose={onClose}>
      <p>{say('Size and number of networks stay as they are: devices have them already.')}</p>
      <Field label="Label" value={label} onChange={setLabel} maxLength={30} help="Variables and networks get the new name; templates that use the old one find nothing" />
      <Field label="Addresses in each" value={ips} onChange={setIPs} inputMode="numeric" problem={fewer ? say('At least %{number_of_ips}', { number_of_ips: rule.number_of_ips }) : undefined} />
    </Ask>
  );
}

/** The card. */
export function DivisionCard({ subnet, organization }: { subnet: string; organization: string | null }) {
  const say = useText();
  const provider = useDataProvider<VPNProvider>();
  const queries = useQueryClient();
  const notify = useNotify();
  const seen = useCanAccess({ resource: 'divisionrules', action: 'list' });
  const add = useCanAccess({ resource: 'divisionrules', action: 'create' });
  const remove = useCanAccess({ resource: 'divisionrules', action: 'delete' });
  const edit = useCanAccess({ resource: 'divisionrules', action: 'edit' });
  const key = ['vpn', 'rules', subnet];
  const { data, error, isPending, refetch } = useQuery({ queryKey: key, queryFn: () => provider.divisionRules(subnet), enabled: Boolean(seen.canAccess) });
  const [rule, setRule] = useState({ type: types[0]?.id ?? '', label: '', subnets: '1', size: '28', ips: '1' });
  const [going, setGoing] = useState<DivisionRule>();
  const [changing, setChanging] = useState<DivisionRule>();
  const [foreseen, setForeseen] = useState<DivisionForecast>();
  const [busy, setBusy] = useState(false);
  if (!seen.canAccess) return null;
  const run = async (work: () => Promise<unknown>) => {
    setBusy(true);
    try {
      await work();
      await Promise.all([queries.invalidateQueries({ queryKey: key }), queries.invalidateQueries({ queryKey: ['vpn', 'forecast'] })]);
    } catch (problem) {
      notify(problem instanceof Error ? problem.message : String(problem), { type: 'error', autoHideDuration: 8000 });
    }
    setBusy(false);
    setGoing(undefined);
    setChanging(undefined);
  };
  const asked = { type: rule.type, label: rule.label, number_of_subnets: Number(rule.subnets), size: Number(rule.size), number_of_ips: Number(rule.ips), organization };
  const fill = (change: Partial<typeof rule>) => {
    setRule({ ...rule, ...change });
    setForeseen(undefined);
  };
  const create = () =>
    run(async () => {
      await provider.addDivisionRule(subnet, asked);
      fill({ label: '' });
    });
  const preview = () => run(async () => setForeseen(await provider.divisionPreview(subnet, asked)));
  return (
    <Card title="Division" note="networks of devices out of this subnet">
      {isPending && <Loading rows={2} />}
      {error && <Failed reason={error.message} onRetry={() => void refetch()} />}
      {data?.count === 0 && <p className="w-secondary">{say('No rules. A rule gives each device networks of its own, with variables for templates.')}</p>}
      <ul className="w-rows">
        {data?.results.map((one) => (
          <li key={one.id}>
            <span className="w-grow">
              <strong>{one.label}</strong> {say(typeName(one.type))}: {one.number_of_subnets > 0 ? say('%{number_of_subnets} × /%{size}, %{number_of_ips} addresses each', { number_of_subnets: one.number_of_subnets, size: one.size, number_of_ips: one.number_of_ips }) : say('%{number_of_ips} addresses of this subnet', { number_of_ips: one.number_of_ips })}
              <Room rule={one.id} />
            </span>
            {edit.canAccess && (
              <Button size="small" aria-label={say('Change %{label}', { label: one.label })} onClick={() => setChanging(one)}>
                <Pencil size={14} />
              </Button>
            )}
            {remove.canAccess && (
              <Button size="small" aria-label={say('Remove %{label}', { label: one.label })} onClick={() => setGoing(one)}>
                <Trash2 size={14} />
              </Button>
            )}
          </li>
        ))}
      </ul>
      {add.canAccess && organization !== null && (
        <>
          <TextField select size="small" label={say('For')} value={rule.type} onChange={(event) => fill({ type: event.target.value })} fullWidth margin="normal">
            {types.map(({ id, name }) => (
              <MenuItem key={id} value={id}>
                {say(name)}
              </MenuItem>
            ))}
          </TextField>
          <Field label="Label" value={rule.label} onChange={(label) => fill({ label })} maxLength={30} help="Begins the names of variables" />
          <Field label="Networks" value={rule.subnets} onChange={(subnets) => fill({ subnets })} inputMode="numeric" />
          <Field label="Size (prefix length)" value={rule.size} onChange={(size) => fill({ size })} inputMode="numeric" />
          <Field label="Addresses in each" value={rule.ips} onChange={(ips) => fill({ ips })} inputMode="numeric" />
          {foreseen && (
            <div role="status">
              <p>{say('The next device gets, with %{room}:', { room: roomText(foreseen.room) })}</p>
              <ul className="w-rows">
                {foreseen.networks.map((one) => (
                  <li key={one.keyword}>
                    <span className="w-grow">
                      <code>{one.keyword}</code> {one.network}
                    </span>
                    <span className="w-secondary">{one.first_ip === one.last_ip ? one.first_ip : say('%{first_ip} to %{last_ip}', { first_ip: one.first_ip, last_ip: one.last_ip })}</span>
                  </li>
                ))}
              </ul>
            </div>
          )}
          <Button type="button" disabled={busy || !rule.label.trim()} onClick={() => void preview()}>
            {say('Preview')}
          </Button>
          <Button type="button" variant="outlined" disabled={busy || !rule.label.trim()} onClick={() => void create()}>
            {say('Add rule')}
          </Button>
        </>
      )}
      {changing && <Change rule={changing} busy={busy} onDo={(change) => void run(() => provider.changeDivisionRule(changing.id, change))} onClose={() => setChanging(undefined)} />}
      {going && (
        <Ask title={say('Remove the rule %{label}?', { label: going.label })} verb="Remove the rule" keep="Keep it" dangerous busy={busy} onDo={() => void run(() => provider.removeDivisionRule(going.id))} onClose={() => setGoing(undefined)}>
          {say('Its networks and addresses are taken back from all devices, and their configurations are rendered anew.')}
        </Ask>
      )}
    </Card>
  );
}
