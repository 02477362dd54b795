// The form of a VPN server.
import { AutocompleteInput, ReferenceInput, required, SelectInput, TextInput } from 'react-admin';
import { useFormContext, useWatch } from 'react-hook-form';
import { Columns, FormCard, FormProblems } from '../forms/FormParts';
import { OrganizationInput } from '../tenancy/references';
import { backends } from './looks';
import type { VPN } from './types';

const asText = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value, null, 2));

function readable(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  try {
    JSON.parse(value);
    return undefined;
  } catch {
    return 'This is no JSON.';
  }
}

/** Whether a text looks like what wg genkey writes. */
export function wireguardKey(value: unknown): string | undefined {
  return !value || (typeof value === 'string' && /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/.test(value.trim())) ? undefined : 'This is no key of WireGuard: 32 bytes in base64.';
}

/** The inputs. */
export function VPNForm({ locked = false, create = false }: { locked?: boolean; create?: boolean }) {
  const { setValue, getFieldState } = useFormContext();
  const backend = (useWatch({ name: 'backend' }) as string | undefined) ?? '';
  const choose = (id: string) => {
    const type = backends.find((one) => one.id === id);
    if (create && type && !getFieldState('config').isDirty) setValue('config', JSON.stringify(type.config, null, 2));
  };
  const certificates = backend.endsWith('OpenVpn');
  const controller = backend.endsWith('ZeroTier');
  const keys = backend.endsWith('Wireguard');
  const ca = useWatch({ name: 'ca' }) as number | null | undefined;
  return (
    <div className="w-stack">
      <FormCard title="VPN server">
        <FormProblems />
        <Columns>
          <TextInput source="name" validate={required()} readOnly={locked} helperText={false} fullWidth />
          <TextInput source="host" validate={required()} readOnly={locked} helperText={controller ? 'Host and port of the controller’s API' : 'Where devices reach it'} fullWidth />
          <OrganizationInput source="organization" shareable readOnly={locked} />
          <SelectInput source="backend" choices={backends} validate={required()} readOnly={locked} helperText={false} onChange={(event) => choose(String(event.target.value))} fullWidth />
          {certificates && (
            <ReferenceInput source="ca" reference="cas" perPage={50}>
              <AutocompleteInput optionText="name" readOnly={locked} helperText="Certificates of server and clients are made" fullWidth />
            </ReferenceInput>
          )}
          {certificates && ca && (
            <ReferenceInput source="cert" reference="certs" filter={{ ca }} perPage={50}>
              <AutocompleteInput optionText="name" readOnly={locked} helperText="The server’s own, with its key; empty: it is made" fullWidth />
            </ReferenceInput>
          )}
          <ReferenceInput source="subnet" reference="subnets" perPage={25} sort={{ field: 'subnet', order: 'ASC' }}>
            <AutocompleteInput optionText={(one: { subnet: string; name: string }) => `${one.subnet} ${one.name}`} filterToQuery={(text: string) => ({ q: text })} readOnly={locked} helperText="Where addresses of clients come from" fullWidth />
          </ReferenceInput>
        </Columns>
        {keys && !locked && (
          <TextInput
            source="private_key"
            type="password"
            autoComplete="off"
            validate={wireguardKey}
            helperText={create ? 'Of a server that exists already; empty: a key is made. It is never shown again.' : 'Not shown; empty: as it is. Another key gives all clients another public key.'}
            parse={(value: string) => value ?? ''}
            fullWidth
          />
        )}
        <TextInput source="config" format={asText} parse={(value: string) => value} validate={[required(), readable]} multiline minRows={8} readOnly={locked} helperText="NetJSON; keys, addresses and clients are added" slotProps={{ htmlInput: { className: 'w-mono', spellCheck: false } }} fullWidth />
        <TextInput source="notes" multiline readOnly={locked} helperText={false} parse={(value: string) => value ?? ''} fullWidth />
      </FormCard>
      <FormCard title={controller ? 'Controller' : 'Webhook'} note={controller ? undefined : 'called when there is something new'}>
        <Columns>
          {!controller && <TextInput source="webhook_endpoint" readOnly={locked} helperText="Empty: the host asks by itself" parse={(value: string) => value ?? ''} fullWidth />}
          <TextInput source="auth_token" type="password" autoComplete="off" readOnly={locked} helperText="Not shown; empty: as it is" parse={(value: string) => value ?? ''} fullWidth />
        </Columns>
      </FormCard>
    </div>
  );
}

/** What the API takes. */
export function vpnBody({ name, host, organization, backend, ca, cert, subnet, config, notes, webhook_endpoint, auth_token, private_key }: Partial<VPN>): Record<string, unknown> {
  return {
    name, host, backend,
    organization: organization || null,
    ca: ca || null,
    ...(cert ? { cert } : {}),
    subnet: subnet || null,
    config: typeof config === 'string' ? (JSON.parse(config) as unknown) : config,
    notes: notes ?? '',
    webhook_endpoint: webhook_endpoint ?? '',
    ...(auth_token ? { auth_token } : {}),
    ...(private_key ? { private_key: private_key.trim() } : {}),
  };
}
