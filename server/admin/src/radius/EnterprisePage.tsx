// Makes a network for which everybody has an account of their own, and shows what belongs to it.
import { Alert, Button, MenuItem, TextField } from '@mui/material';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Download, Wifi } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useCreatePath, useDataProvider } from 'react-admin';
import { Link } from 'react-router-dom';
import { APIError } from '../api/errors';
import { Ask } from '../design/Ask';
import { Card } from '../design/Card';
import { Moment } from '../design/Moment';
import { PageHead } from '../design/PageHead';
import { Empty, Failed, Loading } from '../design/states';
import { useText } from '../design/useText';
import { useManagedOrganizations } from '../tenancy/managed';
import type { EnterpriseWish, RadiusProvider } from './operations';
import type { EnterpriseNetwork } from './types';
import './radius.css';

const fields: { source: keyof Omit<EnterpriseWish, 'radios'>; label: string; help: string; needed: boolean }[] = [
  { source: 'ssid', label: 'Name of the network (SSID)', help: 'What people see on their devices', needed: true },
  { source: 'server', label: 'RADIUS server', help: 'Host name or address at which access points reach this server', needed: true },
  { source: 'server_name', label: 'Name in the certificate', help: 'What devices check; empty: the host name above', needed: false },
  { source: 'access_points', label: 'Access points', help: 'Their address or network, such as 10.20.0.0/16', needed: true },
];

function Wizard({ organization, onMade }: { organization: string; onMade(): void }) {
  const say = useText();
  const provider = useDataProvider<RadiusProvider>();
  const [wish, setWish] = useState<EnterpriseWish>({ ssid: '', server: '', server_name: '', access_points: '' });
  const [radios, setRadios] = useState('radio0, radio1');
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<Record<string, string>>({});
  const make = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setWrong({});
    try {
      await provider.makeEnterprise(organization, { ...wish, radios: radios.split(',').map((name) => name.trim()).filter(Boolean) });
      onMade();
    } catch (error) {
      const found = Object.fromEntries(Object.entries((error instanceof APIError && error.body.errors) || {}).map(([key, value]) => [key, Array.isArray(value) ? value.join(' ') : JSON.stringify(value)]));
      setWrong(Object.keys(found).length > 0 ? found : { detail: error instanceof Error ? error.message : String(error) });
    }
    setBusy(false);
  };
  const known = [...fields.map(({ source }) => source as string), 'radios'];
  const others = Object.entries(wrong).filter(([key]) => !known.includes(key));
  return (
    <form onSubmit={(event) => void make(event)} noValidate>
      <Card title="A network for which everybody has an account" note="authority, certificate, access points, template and profiles in one step">
        <div className="w-stack r-wizard">
          {others.length > 0 && <Alert severity="error">{others.map(([, text]) => text).join(' ')}</Alert>}
          {fields.map(({ source, label, help, needed }) => (
            <TextField
              key={source}
              label={say(label)}
              required={needed}
              fullWidth
              value={wish[source] ?? ''}
              error={wrong[source] !== undefined}
              helperText={wrong[source] ?? say(help)}
              onChange={({ target }) => setWish({ ...wish, [source]: target.value })}
            />
          ))}
          <TextField label={say('Radios')} fullWidth value={radios} error={wrong.radios !== undefined} helperText={wrong.radios ?? say('Those of the access points that send it, separated by commas')} onChange={({ target }) => setRadios(target.value)} />
          <div>
            <Button type="submit" variant="contained" startIcon={<Wifi size={16} />} disabled={busy || !wish.ssid || !wish.server || !wish.access_points}>
              {busy ? say('Making it…') : say('Make the network')}
            </Button>
          </div>
        </div>
      </Card>
    </form>
  );
}

function Parts({ network, onRemove }: { network: EnterpriseNetwork; onRemove(): void }) {
  const say = useText();
  const createPath = useCreatePath();
  const parts: [string, string, string, string | number][] = [
    ['Authority', 'devices trust it; it issues certificates of users too', 'cas', network.ca],
    ['Certificate of the server', say('%{server_name}, renewed by itself', { server_name: network.server_name }), 'certs', network.cert],
    ['Access points', say('%{access_points}, with a secret that was made', { access_points: network.access_points }), 'nas', network.nas],
    ['Template', 'assign it to the access points', 'templates', network.template],
  ];
  return (
    <div className="w-stack">
      <Card title={network.ssid} note="WPA-Enterprise" flush more={<Button color="error" onClick={onRemove}>{say('Take back…')}</Button>}>
        <ul className="w-rows">
          {parts.map(([name, note, resource, id]) => (
            <li key={name}>
              <Link className="w-medium" to={createPath({ resource, id, type: 'edit' })}>
                {name}
              </Link>
              <span className="w-secondary w-grow">{note}</span>
            </li>
          ))}
          <li>
            <span className="w-medium">{say('Server')}</span>
            <span className="w-secondary w-grow">{network.server}</span>
            <Moment at={network.created} />
          </li>
        </ul>
      </Card>
      <Card title="Devices">
        <div className="w-stack">
          <div className="r-buttons">
            <Button variant="contained" href={network.profile_url} startIcon={<Download size={16} />}>
              {say('Profile for iPhone, iPad and Mac')}
            </Button>
            <Button variant="outlined" href={network.ca_url} startIcon={<Download size={16} />}>
              {say('Authority for other devices')}
            </Button>
          </div>
          <p>
            <b>{say('Android')}</b>{say(': load the authority as a Wi-Fi certificate; EAP method TTLS, phase 2 PAP, domain')}{' '}<span className="w-mono">{network.server_name}</span>{say(', anonymous identity')}{' '}<span className="w-mono">{say('anonymous')}</span>.
          </p>
          <p>
            <b>{say('Windows')}</b>{say(': load the authority into the trusted root authorities; WPA2-Enterprise, EAP-TTLS with PAP, server')}{' '}<span className="w-mono">{network.server_name}</span>.
          </p>
          <p className="w-secondary">{say('No device should skip the check of the certificate: anybody who sends the same name would get the password.')}</p>
        </div>
      </Card>
    </div>
  );
}

/** The page. */
export default function EnterprisePage() {
  const say = useText();
  const organizations = useManagedOrganizations();
  const provider = useDataProvider<RadiusProvider>();
  const client = useQueryClient();
  const [chosen, setChosen] = useState('');
  const [removing, setRemoving] = useState(false);
  const organization = chosen || organizations[0]?.id || '';
  const key = ['radius', 'enterprise', organization];
  const { data, error, isPending, refetch } = useQuery({ queryKey: key, queryFn: () => provider.enterprise(organization), enabled: organization !== '' });
  const again = () => client.invalidateQueries({ queryKey: key });
  return (
    <div className="w-page">
      <PageHead title="WPA-Enterprise">
        {organizations.length > 1 && (
          <TextField select size="small" label={say('Organization')} value={organization} onChange={({ target }) => setChosen(target.value)}>
            {organizations.map(({ id, name }) => (
              <MenuItem key={id} value={id}>
                {name}
              </MenuItem>
            ))}
          </TextField>
        )}
      </PageHead>
      {organization === '' && <Empty title="No organization">{say('You manage no organization.')}</Empty>}
      {organization !== '' && isPending && <Loading rows={4} onRetry={() => void refetch()} />}
      {error && <Failed reason={error.message} onRetry={() => void refetch()} />}
      {data === null && <Wizard key={organization} organization={organization} onMade={() => void again()} />}
      {data && <Parts network={data} onRemove={() => setRemoving(true)} />}
      {data && removing && (
        <Ask
          title={say('Take back %{ssid}?', { ssid: data.ssid })}
          verb="Take back"
          keep="Keep it"
          dangerous
          onDo={() => void provider.removeEnterprise(organization).then(() => setRemoving(false)).then(again)}
          onClose={() => setRemoving(false)}
        >
          {say('Devices are not shown its certificate any more. Authority, certificate, access points and template stay.')}
        </Ask>
      )}
    </div>
  );
}
