// The page that begins a mass upgrade: which devices, what will happen to each of them and why some are left out, with
// which options and risk, in which waves. Nothing happens before the last button.
import { Button, Checkbox, FormControlLabel, MenuItem, TextField } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { HardDriveDownload } from 'lucide-react';
import { useState } from 'react';
import { useDataProvider, useGetList, useGetOne, useRedirect } from 'react-admin';
import { Link, useParams } from 'react-router-dom';
import type { JSONObject } from '../api/types';
import { useAttempt } from '../connection/attempt';
import { SchemaFields } from '../connection/SchemaFields';
import { Ask } from '../design/Ask';
import { Card } from '../design/Card';
import { ObjectHeader } from '../design/ObjectHeader';
import { Empty, Failed, Loading } from '../design/states';
import { StatusPill } from '../design/Status';
import { useText } from '../design/useText';
import { Risks } from './FirmwareTab';
import { risksOf, sorted, waveSizes } from './looks';
import type { FirmwareProvider } from './operations';
import type { Build, Strategy, Target, UpgradeRequest } from './types';
import '../connection/connection.css';
import '../plan/plan.css';
import './firmware.css';

/** What the fields of waves say. */
export interface WaveFields {
  canaries: string[];
  first: string;
  parts: string;
  pause: string;
  confirm: boolean;
  failures: string;
  within: string;
  stop: string;
  parallel: string;
  site: string;
  from: string;
  to: string;
  zone: string;
  deadline: string;
  gates: boolean;
  unreachable: string;
  problems: string;
}

const browserZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** What a careful person begins with. */
export const carefully = (devices: number): WaveFields => ({
  canaries: [], first: devices > 20 ? '5' : '1', parts: devices > 10 ? '20' : '', pause: '15', confirm: false, failures: '0', within: '60', stop: 'halt', parallel: '20', site: '0', from: '', to: '', zone: browserZone(), deadline: '7', gates: true, unreachable: '', problems: '',
});

/** The waves that the fields describe. */
export function wavesOf({ canaries, first, parts, pause, confirm }: WaveFields): Strategy['waves'] {
  const after = { pause: Math.round(Number(pause) * 60), confirm };
  const percents = parts.split(/[\s,;%]+/).map(Number).filter((n) => n > 0);
  return [
    ...(canaries.length > 0 ? [{ devices: canaries, ...after }] : Number(first) > 0 ? [{ count: Number(first), ...after }] : []),
    ...percents.map((percent) => ({ percent, ...after })),
  ];
}

/** What the fields say, as the API takes it: minutes become seconds, days a moment. */
export function strategyOf(fields: WaveFields, now: Date = new Date()): Strategy {
  const { failures, within, stop, parallel, site, from, to, zone, deadline, gates, unreachable, problems } = fields;
  return {
    waves: wavesOf(fields),
    parallel: Number(parallel),
    per_site: Number(site),
    max_failed: Number(failures),
    return_within: Math.round(Number(within) * 60),
    on_stop: stop,
    no_gates: !gates,
    ...(gates && unreachable !== '' ? { max_unreachable: Number(unreachable) } : {}),
    ...(gates && problems !== '' ? { max_problems_percent: Number(problems) } : {}),
    ...(from && to ? { window: { days: [], from, to }, time_zone: zone } : {}),
    ...(Number(deadline) > 0 ? { deadline: new Date(now.getTime() + Number(deadline) * 86_400_000).toISOString() } : {}),
  };
}

/** What a device is known to run: one that was to get a build and did not confirm it may run another. */
export const runs = ({ version, installed }: Pick<Target, 'version' | 'installed'>, say: (text: string, values?: Record<string, string>) => string) =>
  !version ? say('not known') : installed ? version : say('not known, was to get %{version}', { version });

function DryRun({ targets, firmwareless, version }: { targets: Target[]; firmwareless: boolean; version: string }) {
  const say = useText();
  const [all, setAll] = useState(false);
  const { chosen, reasons } = sorted(targets, firmwareless);
  const shown = all ? chosen : chosen.slice(0, 10);
  return (
    <>
      <Card title="What will happen" note={chosen.length === 1 ? say('1 device is upgraded') : say('%{number} devices are upgraded', { number: chosen.length.toLocaleString() })} flush>
        {chosen.length === 0 && <Empty title="No device would be upgraded">{say('They have it already, or are left out for the reasons below.')}</Empty>}
        <ul className="c-rows">
          {shown.map((target) => (
            <li key={target.device} className="c-row">
              <span>
                <Link to={`/devices/${target.device}/firmware`}>{target.name}</Link> <span className="w-secondary">{target.model}</span>
              </span>
              <span className="w-secondary">
                {runs(target, say)} → <b>{version}</b>
              </span>
            </li>
          ))}
        </ul>
        {chosen.length > shown.length && (
          <p style={{ padding: '8px 16px', margin: 0 }}>
            <button type="button" className="w-link" onClick={() => setAll(true)}>
              {say('All %{number}', { number: chosen.length.toLocaleString() })}
            </button>
          </p>
        )}
      </Card>
      {reasons.length > 0 && (
        <Card title="Left out" note={(targets.length - chosen.length).toLocaleString()} flush>
          {reasons.map(({ why, targets: list }) => (
            <div key={why} className="f-why">
              <b>{why}</b> <span className="w-secondary">{list.length === 1 ? say('1 device') : say('%{number} devices', { number: list.length.toLocaleString() })}</span>
              <ul className="f-names">
                {list.slice(0, 20).map(({ device, name }) => (
                  <li key={device}>
                    <Link to={`/devices/${device}`}>{name}</Link>
                  </li>
                ))}
                {list.length > 20 && <li className="w-muted">{say('and %{value} more', { value: (list.length - 20).toLocaleString() })}</li>}
              </ul>
            </div>
          ))}
        </Card>
      )}
    </>
  );
}

function WavesForm({ fields, chosen, onChange }: { fields: WaveFields; chosen: Target[]; onChange(fields: WaveFields): void }) {
  const say = useText();
  const text = (source: 'first' | 'parts' | 'pause' | 'failures' | 'within' | 'parallel' | 'site' | 'deadline' | 'zone' | 'unreachable' | 'problems', label: string, helperText: string) => (
    <TextField label={label} value={fields[source]} onChange={({ target }) => onChange({ ...fields, [source]: target.value })} helperText={helperText} disabled={source === 'first' && fields.canaries.length > 0} fullWidth />
  );
  const sizes = waveSizes(chosen.length, wavesOf(fields));
  return (
    <Card title="Waves" note="each begins when the one before went well">
      <div className="f-fields">
        <TextField
          select
          label={say('Canaries')}
          value={fields.canaries}
          onChange={({ target }) => onChange({ ...fields, canaries: target.value as unknown as string[] })}
          helperText={say('Named devices that come first')}
          slotProps={{ select: { multiple: true, displayEmpty: true }, inputLabel: { shrink: true } }}
          fullWidth
        >
          {chosen.slice(0, 200).map(({ device, name }) => (
            <MenuItem key={device} value={device}>
              {name}
            </MenuItem>
          ))}
        </TextField>
        {text('first', 'Or the first', 'Devices; 0 for none')}
        {text('parts', 'Then', 'Parts in percent, such as 10, 50; the rest last')}
        {text('pause', 'Pause', 'Minutes after each wave')}
        {text('parallel', 'At once', 'Devices that are upgraded at a time')}
        {text('site', 'At one place', 'Devices of a location at a time; 0: any number')}
        {text('failures', 'Failures', 'Accepted in a wave')}
        {text('within', 'Back within', 'Minutes; 0: whenever they are')}
        <TextField select label={say('When a wave is stopped')} value={fields.stop} onChange={({ target }) => onChange({ ...fields, stop: target.value })} helperText={say('Taken back: devices get what they had before')} fullWidth>
          <MenuItem value="halt">{say('Wait for people')}</MenuItem>
          <MenuItem value="rollback_wave">{say('Take the wave back')}</MenuItem>
          <MenuItem value="rollback">{say('Take everything back')}</MenuItem>
        </TextField>
        {text('deadline', 'Wait for absent devices', 'Days; 0: do not wait')}
        <TextField type="time" label={say('Only from')} value={fields.from} onChange={({ target }) => onChange({ ...fields, from: target.value })} slotProps={{ inputLabel: { shrink: true } }} helperText={say('Empty: at any time')} fullWidth />
        <TextField type="time" label={say('Until')} value={fields.to} onChange={({ target }) => onChange({ ...fields, to: target.value })} slotProps={{ inputLabel: { shrink: true } }} helperText={say('Also over midnight')} fullWidth />
        {text('zone', 'Time zone', 'Where a device’s site has none of its own')}
      </div>
      {fields.gates && (
        <div className="f-fields">
          {text('unreachable', 'Out of reach', 'Devices of a wave that may be, since it began; empty: as the server is set')}
          {text('problems', 'With a problem', 'Percent of a wave that may have one since; empty: as the server is set')}
        </div>
      )}
      <FormControlLabel control={<Checkbox checked={fields.gates} onChange={({ target }) => onChange({ ...fields, gates: target.checked })} />} label={say('Stop when monitoring says that devices are worse than before')} />
      <FormControlLabel control={<Checkbox checked={fields.confirm} onChange={({ target }) => onChange({ ...fields, confirm: target.checked })} />} label={say('Wait for approval after each wave')} />
      <div className="f-waves" role="group" aria-label={say('Sizes of waves')}>
        {sizes.map((size, n) => (
          <StatusPill key={n} status={n === 0 ? 'waiting' : 'off'} word={say('wave %{n}: %{size}', { n: n + 1, size: size.toLocaleString() })} />
        ))}
      </div>
    </Card>
  );
}

/** The page. */
export default function UpgradeCreate() {
  const { id = '' } = useParams();
  const { data: build, error } = useGetOne<Build>('firmwarebuilds', { id }, { retry: false });
  if (error) return <Failed reason={(error as Error).message} />;
  return build ? <Wizard build={build} /> : <Loading />;
}

function Wizard({ build }: { build: Build }) {
  const text = useText();
  const provider = useDataProvider<FirmwareProvider>();
  const redirect = useRedirect();
  const { busy, attempt } = useAttempt();
  const organization = build.category_relation.organization;
  const choices = { pagination: { page: 1, perPage: 100 }, sort: { field: 'name', order: 'ASC' as const }, filter: organization ? { organization } : {} };
  const { data: groups = [] } = useGetList<{ id: string; name: string }>('groups', choices, { retry: false });
  const { data: locations = [] } = useGetList<{ id: string; name: string }>('locations', choices, { retry: false });
  const [group, setGroup] = useState('');
  const [location, setLocation] = useState('');
  const [firmwareless, setFirmwareless] = useState(true);
  const [options, setOptions] = useState<JSONObject>({ c: true });
  const [inWaves, setInWaves] = useState(true);
  const [fields, setFields] = useState<WaveFields>();
  const [at, setAt] = useState('');
  const [asked, setAsked] = useState(false);
  const { data: targets, error, isPending, refetch } = useQuery({
    queryKey: ['firmwarebuilds', 'rehearse', build.id, group, location],
    queryFn: () => provider.rehearseUpgrade(build.id, { group: group || undefined, location: location || undefined }),
    retry: false,
  });
  const { chosen } = sorted(targets ?? [], firmwareless);
  const { data: way } = useQuery({ queryKey: ['devices', 'firmware', chosen[0]?.device, 'options'], queryFn: () => provider.firmwareOptions(chosen[0].device), enabled: chosen.length > 0 });
  const waves = fields ?? carefully(chosen.length);
  const devices = chosen.length === 1 ? text('1 device') : text('%{number} devices', { number: chosen.length.toLocaleString() });
  const dangerous = risksOf(options).some(({ status }) => status === 'critical');
  const start = () =>
    attempt(async () => {
      const body: UpgradeRequest = {
        upgrade_all: firmwareless, upgrade_options: options, ...(group ? { group } : {}), ...(location ? { location } : {}), ...(at ? { scheduled_at: new Date(at).toISOString() } : {}), ...(inWaves ? { strategy: strategyOf(waves) } : {}),
      };
      redirect('edit', 'massupgrades', await provider.startUpgrade(build.id, body));
    }).then(() => setAsked(false));
  const select = (label: string, value: string, all: string, list: { id: string; name: string }[], onChange: (value: string) => void) => (
    <TextField
      select
      label={label}
      value={value}
      onChange={({ target }) => {
        onChange(target.value);
        setFields((now) => now && { ...now, canaries: [] });
      }}
      slotProps={{ select: { displayEmpty: true }, inputLabel: { shrink: true } }}
      fullWidth
    >
      <MenuItem value="">{all}</MenuItem>
      {list.map(({ id, name }) => (
        <MenuItem key={id} value={id}>
          {name}
        </MenuItem>
      ))}
    </TextField>
  );
  return (
    <div className="w-edit">
      <ObjectHeader title={text('Upgrade devices to %{name} %{version}', { name: build.category_relation.name, version: build.version })} above={{ label: build.version, to: `/firmwarebuilds/${build.id}` }} facts={<span>{text('Nothing happens before you say so below.')}</span>} />
      <div className="w-edit-contents">
        <div className="w-stack">
          <Card title="Devices" note="those with firmware of this category, and those that an image fits">
            <div className="f-fields">
              {select('Group', group, 'All groups', groups, setGroup)}
              {select('Location', location, 'All locations', locations, setLocation)}
            </div>
            <FormControlLabel control={<Checkbox checked={firmwareless} onChange={({ target }) => setFirmwareless(target.checked)} />} label={text('Also devices of which it is not known what they run')} />
          </Card>
          {isPending && <Loading rows={4} />}
          {error && <Failed title="It cannot be said what would happen" reason={error.message} onRetry={() => void refetch()} />}
          {targets && <DryRun targets={targets} firmwareless={firmwareless} version={build.version} />}
          {chosen.length > 0 && (
            <>
              <Card title="Options" note={way?.upgrader}>
                {way?.schema && (
                  <div className="f-options">
                    <SchemaFields schema={way.schema} value={options} onChange={setOptions} />
                  </div>
                )}
                <Risks options={options} />
              </Card>
              <Card title="How">
                <FormControlLabel control={<Checkbox checked={inWaves} onChange={({ target }) => setInWaves(target.checked)} />} label={text('In waves, which end when something goes wrong')} />
                {!inWaves && <p className="w-secondary">{text('All devices are upgraded as soon as there is room, whatever becomes of the others.')}</p>}
                <TextField type="datetime-local" label={text('Begins')} value={at} onChange={({ target }) => setAt(target.value)} slotProps={{ inputLabel: { shrink: true } }} helperText={text('Empty: at once. In the time of this computer, %{browserZone}', { browserZone: browserZone() })} />
              </Card>
              {inWaves && <WavesForm fields={waves} chosen={chosen} onChange={setFields} />}
              <p>
                <Button variant="contained" startIcon={<HardDriveDownload size={16} />} disabled={busy} onClick={() => setAsked(true)}>
                  {text('Upgrade %{devices}…', { devices })}
                </Button>
              </p>
            </>
          )}
        </div>
      </div>
      {asked && (
        <Ask title={text('Upgrade %{devices} to %{version}?', { devices, version: build.version })} verb={text('Upgrade %{devices}', { devices })} keep="Not now" dangerous={dangerous} count={chosen.length} busy={busy} onDo={() => void start()} onClose={() => setAsked(false)}>
          <p>{inWaves ? text('In %{number} waves. ', { number: waveSizes(chosen.length, wavesOf(waves)).length }) : ''}{text('Each device reboots when its turn comes.')}</p>
          <Risks options={options} />
        </Ask>
      )}
    </div>
  );
}
