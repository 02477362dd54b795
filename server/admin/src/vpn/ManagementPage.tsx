// The management network in one step: server, subnet and template for all new devices.
import { Button, MenuItem, TextField } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Title, useDataProvider, useGetList, useNotify } from 'react-admin';
import { useNavigate } from 'react-router-dom';
import { APIError } from '../api/errors';
import { Banner } from '../design/Banner';
import { Card } from '../design/Card';
import { Field } from '../design/Field';
import { ObjectHeader } from '../design/ObjectHeader';
import { Failed, Loading } from '../design/states';
import { useText } from '../design/useText';
import { useSuperuser } from '../tenancy/managed';
import type { VPNProvider } from './operations';
import type { Suggestion } from './types';

const everybody = 'all';

function Wizard({ suggestion }: { suggestion: Suggestion }) {
  const say = useText();
  const provider = useDataProvider<VPNProvider>();
  const notify = useNotify();
  const navigate = useNavigate();
  const superuser = useSuperuser();
  const organizations = useGetList<{ id: string; name: string }>('organizations', { pagination: { page: 1, perPage: 100 }, sort: { field: 'name', order: 'ASC' } });
  const [organization, setOrganization] = useState(superuser ? everybody : '');
  const [host, setHost] = useState(suggestion.host);
  const [network, setNetwork] = useState(suggestion.network);
  const [port, setPort] = useState(String(suggestion.port));
  const [hub, setHub] = useState(suggestion.hub && superuser);
  const [peers, setPeers] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState('');
  const make = async () => {
    setBusy(true);
    setProblem('');
    try {
      const made = await provider.makeManagement({ organization: organization === everybody ? null : organization, name: suggestion.name, host, port: Number(port), network, interface: suggestion.interface, peers, hub });
      notify('The management network is there: new devices come into it by themselves', { type: 'success' });
      navigate(`/vpns/${made.vpn}`);
    } catch (error) {
      setProblem(error instanceof APIError || error instanceof Error ? error.message : String(error));
      setBusy(false);
    }
  };
  return (
    <div className="w-stack w-form">
      {problem && (
        <Banner status="critical" title="It was not made">
          {problem}
        </Banner>
      )}
      <Card title="What is made" note="a subnet, a WireGuard server, a template">
        <p className="w-secondary">
          {say('Each new device gets keys and an address in a tunnel to the server, wherever it is, also behind NAT. That address is where configurations are pushed to and where it is checked. The template is required, so that nobody cuts a device off by mistake.')}
        </p>
        <TextField select label={say('Devices of')} value={organization} onChange={(event) => setOrganization(event.target.value)} fullWidth margin="normal">
          {superuser && <MenuItem value={everybody}>{say('All organizations')}</MenuItem>}
          {organizations.data?.map(({ id, name }) => (
            <MenuItem key={id} value={id}>
              {name}
            </MenuItem>
          ))}
        </TextField>
        <Field label="Host" value={host} onChange={setHost} help="Name or address at which devices reach the server" required />
        <Field label="UDP port" value={port} onChange={setPort} inputMode="numeric" required />
        <Field label="Network" value={network} onChange={setNetwork} className="w-mono" help="Addresses of devices; it must not be in use anywhere" required />
        <label className="w-check">
          <input type="checkbox" checked={peers} onChange={(event) => setPeers(event.target.checked)} />{' '}{say('Devices have a route to each other')}
        </label>
        <label className="w-check">
          <input type="checkbox" checked={hub} disabled={!suggestion.hub || !superuser} onChange={(event) => setHub(event.target.checked)} />{' '}{say('This installation runs the server itself')}
          {!suggestion.hub && <span className="w-small w-muted">{' '}{say('(start it with --vpn-hub)')}</span>}
        </label>
        {!hub && <p className="w-secondary">{say('The page of the server then says what to do on its host.')}</p>}
        <p>
          <Button variant="contained" disabled={busy || !host || !organization || !/^\d+$/.test(port)} onClick={() => void make()}>
            {say('Make the management network')}
          </Button>
        </p>
      </Card>
    </div>
  );
}

/** The page. */
export default function ManagementPage() {
  const provider = useDataProvider<VPNProvider>();
  const { data, error, isPending, refetch } = useQuery({ queryKey: ['vpn', 'management'], queryFn: () => provider.managementSuggestion() });
  return (
    <>
      <Title title="Management network" />
      <ObjectHeader title="Management network in one step" above={{ label: 'VPN servers', to: '/vpns' }} />
      <div className="w-page" style={{ paddingTop: 16 }}>
        {isPending && <Loading rows={4} />}
        {error && <Failed reason={error.message} onRetry={() => void refetch()} />}
        {data && <Wizard suggestion={data} />}
      </div>
    </>
  );
}
