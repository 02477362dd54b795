// The tab of a device: what it has, how it is upgraded with which risk, and its upgrades with their logs, live.
import { Button, Checkbox, FormControlLabel, MenuItem, TextField } from '@mui/material';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { HardDriveDownload } from 'lucide-react';
import { useState } from 'react';
import { useCanAccess, useDataProvider, useRecordContext } from 'react-admin';
import { Link } from 'react-router-dom';
import { APIError } from '../api/errors';
import type { JSONObject } from '../api/types';
import { useAttempt } from '../connection/attempt';
import { SchemaFields } from '../connection/SchemaFields';
import { Ask } from '../design/Ask';
import { Card } from '../design/Card';
import { Empty, Failed, Loading } from '../design/states';
import { Status } from '../design/Status';
import { useText } from '../design/useText';
import { OperationRow } from './Log';
import { risksOf } from './looks';
import type { FirmwareProvider } from './operations';
import type { DeviceFirmware, DeviceOptions } from './types';
import { useDeviceUpgrades } from './useUpgrades';
import '../connection/connection.css';
import './firmware.css';

interface Device {
  id: string;
  name: string;
  model?: string;
  os?: string;
  is_deactivated?: boolean;
}

/** The risks of options, as lines. */
export function Risks({ options }: { options: JSONObject }) {
  const say = useText();
  return (
    <ul className="f-risks" aria-label={say('What this means')}>
      {risksOf(options).map(({ status, text }) => (
        <li key={text}>
          <Status status={status} word={text} />
        </li>
      ))}
    </ul>
  );
}

function Begin({ device, options, onBegun }: { device: Device; options: DeviceOptions; onBegun(): void }) {
  const say = useText();
  const provider = useDataProvider<FirmwareProvider>();
  const { busy, attempt } = useAttempt();
  const [image, setImage] = useState('');
  const [chosen, setChosen] = useState<JSONObject>({ c: true });
  const [persistent, setPersistent] = useState(false);
  const [asked, setAsked] = useState(false);
  const one = options.images.find(({ id }) => id === image);
  const dangerous = risksOf(chosen).some(({ status }) => status === 'critical');
  const begin = () =>
    attempt(() => provider.upgradeDevice(device.id, { image, upgrade_options: chosen, is_persistent: persistent })).then((done) => {
      setAsked(false);
      if (done) setImage('');
      onBegun();
    });
  return (
    <div role="group" aria-label={say('Upgrade')}>
      <TextField select label={say('To')} value={image} onChange={({ target }) => setImage(target.value)} slotProps={{ select: { displayEmpty: true }, inputLabel: { shrink: true } }} fullWidth helperText={say('By %{upgrader}', { upgrader: options.upgrader })}>
        <MenuItem value="" disabled>
          {say('Choose a build')}
        </MenuItem>
        {options.images.map(({ id, category, version, current, extraction_status: said }) => (
          <MenuItem key={id} value={id} disabled={said === 'invalid'}>
            {category} {version}
            {current ? say(' (it has this)') : ''}
            {said === 'invalid' ? say(' (must be confirmed first)') : ''}
          </MenuItem>
        ))}
      </TextField>
      {image && (
        <>
          {options.schema && (
            <div className="f-options">
              <SchemaFields schema={options.schema} value={chosen} onChange={setChosen} />
            </div>
          )}
          <FormControlLabel control={<Checkbox checked={persistent} onChange={({ target }) => setPersistent(target.checked)} />} label={say('Keep trying while the device cannot be reached')} />
          <Risks options={chosen} />
        </>
      )}
      <p>
        <Button variant="contained" disabled={!image || busy} startIcon={<HardDriveDownload size={16} />} onClick={() => setAsked(true)}>
          {say('Upgrade…')}
        </Button>
      </p>
      {asked && one && (
        <Ask title={say('Upgrade %{name} to %{category} %{version}?', { name: device.name, category: one.category, version: one.version })} verb="Upgrade" keep="Not now" dangerous={dangerous} busy={busy} onDo={() => void begin()} onClose={() => setAsked(false)}>
          <p>{say('The device reboots. Anybody who uses it loses the connection for some minutes.')}</p>
          <Risks options={chosen} />
        </Ask>
      )}
    </div>
  );
}

function Has({ firmware, options, device }: { firmware?: DeviceFirmware; options: DeviceOptions; device: Device }) {
  const text = useText();
  const now = options.images.find(({ current }) => current);
  return (
    <div className="f-facts">
      {now ? (
        <>
          <Link to={`/firmwarebuilds/${now.build}`}>
            {now.category} {now.version}
          </Link>
          {firmware && (firmware.installed ? <Status status="ok" word="runs it" /> : <Status status="waiting" word="is to get it" />)}
        </>
      ) : (
        <span className="w-secondary">{firmware ? text('An image that is not offered any more.') : text('Which build it runs is not known.')}</span>
      )}
      {device.os && <span className="w-secondary">{text('It calls its system %{os}.', { os: device.os })}</span>}
      {!options.type && <span className="w-secondary">{device.model ? text('No type of images is known for %{model}.', { model: device.model }) : text('It did not say its model yet.')}</span>}
    </div>
  );
}

/** The tab. */
export default function FirmwareTab() {
  const device = useRecordContext<Device>();
  return device ? <Firmware device={device} /> : null;
}

function Firmware({ device }: { device: Device }) {
  const say = useText();
  const provider = useDataProvider<FirmwareProvider>();
  const queries = useQueryClient();
  const add = useCanAccess({ resource: 'devicefirmware', action: 'create' });
  const options = useQuery({ queryKey: ['devices', 'firmware', device.id, 'options'], queryFn: () => provider.firmwareOptions(device.id) });
  const has = useQuery({
    queryKey: ['devices', 'firmware', device.id, 'has'],
    queryFn: () => provider.deviceFirmware(device.id).catch((error) => {
      if (error instanceof APIError && error.status === 404) return null;
      throw error;
    }),
    retry: false,
  });
  const upgrades = useDeviceUpgrades(device.id);
  const again = () => {
    void queries.invalidateQueries({ queryKey: ['devices', 'firmware', device.id] });
    void upgrades.refetch();
  };
  const running = upgrades.data?.results.some(({ status }) => status === 'in-progress' || status === 'pending');
  return (
    <div className="w-stack">
      <Card title="Firmware">
        {options.isPending && <Loading rows={1} />}
        {options.error && !options.data && <Failed reason={options.error.message} onRetry={() => void options.refetch()} />}
        {options.data && <Has firmware={has.data ?? undefined} options={options.data} device={device} />}
      </Card>
      {options.data && add.canAccess && !device.is_deactivated && (
        <Card title="Upgrade">
          {!options.data.connected && <p className="w-secondary">{say('The device has no connection by which it could be upgraded: add one under Connections.')}</p>}
          {options.data.connected && options.data.images.length === 0 && <p className="w-secondary">{say('There is no image for this device: add one to a build.')}</p>}
          {options.data.connected && options.data.images.length > 0 && (running ? <p className="w-secondary">{say('An upgrade is under way.')}</p> : <Begin device={device} options={options.data} onBegun={again} />)}
        </Card>
      )}
      <Card title="Upgrades" note="the latest twenty" flush>
        {upgrades.isPending && <Loading rows={2} />}
        {upgrades.error && !upgrades.data && <Failed reason={upgrades.error.message} onRetry={again} />}
        {upgrades.data?.results.length === 0 && <Empty title="No upgrades yet">{say('What was done to the device’s firmware stands here, with what was said meanwhile.')}</Empty>}
        <ul className="c-rows">
          {upgrades.data?.results.map((operation, n) => {
            const to = options.data?.images.find(({ id }) => id === operation.image);
            return (
              <OperationRow
                key={operation.id}
                operation={operation}
                open={n === 0}
                onChange={again}
                title={
                  <>
                    <Link to={`/upgradeoperations/${operation.id}`}>{to ? `${to.category} ${to.version}` : say('another image')}</Link>
                    {operation.batch && <Link to={`/massupgrades/${operation.batch}`}>{say('mass upgrade')}</Link>}
                  </>
                }
              />
            );
          })}
        </ul>
      </Card>
    </div>
  );
}
