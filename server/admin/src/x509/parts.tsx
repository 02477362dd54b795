// What the pages of CAs and certificates have in common.
import { Button } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { FileUp, Plus } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { ArrayInput, BooleanInput, SelectInput, SimpleFormIterator, TextInput, required, useDataProvider, useGetOne, useNotify, useRefresh, useSimpleFormIterator } from 'react-admin';
import { useController, useWatch } from 'react-hook-form';
import { Link } from 'react-router-dom';
import { FileButton } from '../design/FileButton';
import { Ask } from '../design/Ask';
import { CopyButton } from '../design/Copyable';
import { Field } from '../design/Field';
import { Moment } from '../design/Moment';
import { Failed, Loading } from '../design/states';
import { useText } from '../design/useText';
import { Columns, FormCard } from '../forms/FormParts';
import { type Kind, save, type X509Provider } from './operations';
import type { CA, Certified } from './types';
import { ValidityStatus } from './ValidityStatus';
import { digestChoices, keyChoices, keyName, reasonChoices } from './validity';

/** A name for a file of an object. */
export function fileName(of: Certified, ending: string): string {
  return of.name.replace(/[^\w.-]+/g, '_') + ending;
}

/** A labelled fact that cannot be changed. */
function Fact({ label, children }: { label: string; children: ReactNode }) {
  const say = useText();
  if (children === '' || children === null || children === undefined) return null;
  return (
    <div className="x-fact">
      <span className="w-small w-muted">{say(label)}</span>
      <div>{children}</div>
    </div>
  );
}

/** What is in a certificate. */
export function Contents({ of }: { of: Certified }) {
  return (
    <FormCard title="Certificate" note="as it was signed">
      <Columns>
        <Fact label="Common name">{of.common_name}</Fact>
        <Fact label="Key">{`${keyName(of.key_length)}, ${of.digest}`}</Fact>
        <Fact label="Valid from">
          <Moment at={of.validity_start} exact />
        </Fact>
        <Fact label="Valid until">
          <Moment at={of.validity_end} exact />
        </Fact>
        <Fact label="Organization in the certificate">{of.organization_name}</Fact>
        <Fact label="Organizational unit">{of.organizational_unit_name}</Fact>
        <Fact label="Place">{[of.city, of.state, of.country_code].filter(Boolean).join(', ')}</Fact>
        <Fact label="E-mail address">{of.email}</Fact>
      </Columns>
      <Fact label="Serial number">
        <span className="w-mono x-wrap">{of.serial_number}</span> <CopyButton label="Serial number" text={of.serial_number} />
      </Fact>
      {of.extensions.map(({ name, oid, critical, value }) => (
        <Fact key={name ?? oid} label={`${name ?? oid}${critical ? ', critical' : ''}`}>
          <span className="w-mono x-wrap">{value}</span>
        </Fact>
      ))}
    </FormCard>
  );
}

/** The description of a certificate, asked for when it is opened. */
export function Description({ kind, id }: { kind: Kind; id: number }) {
  const say = useText();
  const provider = useDataProvider<X509Provider>();
  const [open, setOpen] = useState(false);
  const { data, error, isPending, refetch } = useQuery({ queryKey: ['x509', 'text', kind, id], queryFn: () => provider.describe(kind, id), enabled: open });
  return (
    <FormCard title="Everything it says">
      {!open && (
        <Button variant="outlined" onClick={() => setOpen(true)}>
          {say('Show')}
        </Button>
      )}
      {open && isPending && <Loading rows={6} />}
      {error && <Failed reason={error.message} onRetry={() => void refetch()} />}
      {data && (
        <pre className="w-mono x-text">{data}</pre>
      )}
    </FormCard>
  );
}

/** The CAs above, the root first, and what they lead to. */
export function Chain({ first, name }: { first: number | null; name: string }) {
  return (
    <FormCard title="Chain" note="from the root down">
      <ol className="x-chain">
        {first !== null && <Above id={first} depth={0} />}
        <li aria-current="true">
          <b>{name}</b>
        </li>
      </ol>
    </FormCard>
  );
}

/** How many CAs are followed at most. */
const deepest = 16;

function Above({ id, depth }: { id: number; depth: number }) {
  const say = useText();
  const { data } = useGetOne<CA>('cas', { id }, { retry: false });
  return (
    <>
      {data && data.parent !== null && depth < deepest && <Above id={data.parent} depth={depth + 1} />}
      <li>
        {data ? (
          <>
            <Link to={`/cas/${data.id}`}>{data.name}</Link>
            <span className="x-chain-status">
              <ValidityStatus of={data} />
            </span>
          </>
        ) : (
          <span className="w-muted">{say('CA %{id}', { id })}</span>
        )}
      </li>
    </>
  );
}

/** Asks for the password of a PKCS#12 file and gives the file. */
export function PackDialog({ kind, of, onClose }: { kind: Kind; of: Certified; onClose(): void }) {
  const say = useText();
  const provider = useDataProvider<X509Provider>();
  const notify = useNotify();
  const [password, setPassword] = useState('');
  const [legacy, setLegacy] = useState(false);
  const [busy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    try {
      save(await provider.pkcs12(kind, of.id, password, legacy), fileName(of, '.p12'));
      onClose();
    } catch (error) {
      notify(error instanceof Error ? error.message : String(error), { type: 'error' });
      setBusy(false);
    }
  };
  return (
    <Ask title={`PKCS#12 file of ${of.name}`} verb="Download" keep="Cancel" blocked={password === '' && 'It needs a password'} busy={busy} onDo={() => void run()} onClose={onClose}>
      <p className="w-secondary">{say('The file holds the private key. Anybody who has it and the password has the certificate.')}</p>
      <Field label="Password of the file" type="password" autoComplete="new-password" value={password} onChange={setPassword} required autoFocus />
      <label className="x-check">
        <input type="checkbox" checked={legacy} onChange={(event) => setLegacy(event.target.checked)} />{' '}{say('For programs older than 2022 (weak encryption)')}
      </label>
    </Ask>
  );
}

/** Asks for the reason and revokes. */
export function RevokeDialog({ kind, of, loss, onClose }: { kind: Kind; of: Certified; loss: ReactNode; onClose(): void }) {
  const say = useText();
  const provider = useDataProvider<X509Provider>();
  const notify = useNotify();
  const refresh = useRefresh();
  const [reason, setReason] = useState('unspecified');
  const [busy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    try {
      await provider.revoke(kind, of.id, reason);
      notify(say('%{name} is revoked', { name: of.name }), { type: 'success' });
      refresh();
    } catch (error) {
      notify(error instanceof Error ? error.message : String(error), { type: 'error' });
    }
    onClose();
  };
  return (
    <Ask title={say('Revoke %{name}?', { name: of.name })} verb="Revoke" keep="Keep it" dangerous busy={busy} onDo={() => void run()} onClose={onClose}>
      <p>{say('%{loss} This cannot be undone.', { loss })}</p>
      <div className="w-field">
        <label htmlFor="revocation-reason">{say('Reason')}</label>
        <select id="revocation-reason" value={reason} onChange={(event) => setReason(event.target.value)}>
          {reasonChoices
            .filter(({ id }) => kind === 'ca' || id !== 'ca_compromise')
            .map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
        </select>
      </div>
    </Ask>
  );
}

/** The subject and the rest of a new certificate. */
export function SubjectInputs({ note }: { note: string }) {
  return (
    <>
      <FormCard title="Subject" note={note}>
        <Columns>
          <TextInput helperText={false} source="common_name" fullWidth />
          <TextInput helperText={false} source="organization_name" fullWidth />
          <TextInput helperText={false} source="organizational_unit_name" fullWidth />
          <TextInput helperText={false} source="email" type="email" fullWidth />
          <TextInput helperText={false} source="city" fullWidth />
          <TextInput helperText={false} source="state" fullWidth />
          <TextInput helperText={false} source="country_code" fullWidth />
        </Columns>
      </FormCard>
    </>
  );
}

/** Key, digest, validity and serial number of a new certificate. */
export function KeyInputs({ withKey = true }: { withKey?: boolean }) {
  return (
    <FormCard title="Key and validity">
      <Columns>
        {withKey && <SelectInput helperText={false} source="key_length" choices={keyChoices} fullWidth />}
        <SelectInput helperText={false} source="digest" choices={digestChoices} fullWidth />
        <TextInput source="validity_start" type="date" helperText="Empty: yesterday" fullWidth slotProps={{ inputLabel: { shrink: true } }} />
        <TextInput source="validity_end" type="date" helperText="Empty: as the server's settings say" fullWidth slotProps={{ inputLabel: { shrink: true } }} />
        <TextInput source="serial_number" helperText="Empty: a random one" fullWidth />
        {withKey && <TextInput source="passphrase" type="password" autoComplete="new-password" helperText="Protects the private key in files" fullWidth />}
      </Columns>
      <BooleanInput source="auto_renew" helperText="Renews itself two weeks before it expires" />
    </FormCard>
  );
}

function AddExtension() {
  const say = useText();
  const { add } = useSimpleFormIterator();
  return (
    <Button variant="outlined" startIcon={<Plus size={16} />} onClick={() => add()}>
      {say('Add extension')}
    </Button>
  );
}

/** Extensions of a new certificate. */
export function ExtensionInputs() {
  return (
    <FormCard title="Extensions" note="beyond the usual ones">
      <ArrayInput source="extensions" label={false} helperText={false}>
        <SimpleFormIterator inline disableReordering disableClear addButton={<AddExtension />} sx={{ '& .RaSimpleFormIterator-action': { visibility: 'visible' }, '& .ra-input-critical': { pt: 3 } }}>
          <TextInput source="name" label="Name" helperText="subjectAltName, extendedKeyUsage, nsCertType, … or an OID" />
          <TextInput source="value" label="Value" helperText="DNS:a.example.com, clientAuth, …" />
          <BooleanInput source="critical" label="Critical" helperText={false} />
        </SimpleFormIterator>
      </ArrayInput>
    </FormCard>
  );
}

/** A PKCS#12 file, which the API takes in base64. */
function PKCS12Input() {
  const say = useText();
  const { field, fieldState } = useController({ name: 'pkcs12', defaultValue: '' });
  const [name, setName] = useState('');
  const read = async (file: File | undefined) => {
    setName(file?.name ?? '');
    field.onChange(file ? base64Of(new Uint8Array(await file.arrayBuffer())) : '');
  };
  return (
    <div className="w-stack">
      <div className="w-row">
        <FileButton variant="outlined" label="PKCS#12 file" accept=".p12,.pfx,application/x-pkcs12" startIcon={<FileUp size={16} />} onFiles={([file]) => void read(file)}>
          {name ? say('Choose another file') : say('Choose a PKCS#12 file')}
        </FileButton>
        <span className="w-secondary">{name || say('certificate and key in one, such as .p12 or .pfx; or write them below')}</span>
      </div>
      {fieldState.error && (
        <p className="w-field-problem" role="alert">
          {fieldState.error.message}
        </p>
      )}
    </div>
  );
}

/** Bytes in base64. */
export function base64Of(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** Certificate and key of an import. */
export function ImportInputs() {
  const packed = Boolean(useWatch({ name: 'pkcs12' }));
  return (
    <FormCard title="Files" note="everything else is read from the certificate">
      <PKCS12Input />
      {!packed && <PEMInputs />}
      <TextInput source="passphrase" type="password" autoComplete="new-password" helperText={packed ? 'The password of the file' : 'If the key is encrypted'} fullWidth />
    </FormCard>
  );
}

function PEMInputs() {
  return (
    <>
      <TextInput source="certificate" validate={required()} multiline minRows={6} helperText="-----BEGIN CERTIFICATE-----" slotProps={{ htmlInput: { className: 'w-mono', spellCheck: false } }} fullWidth />
      <TextInput source="private_key" multiline minRows={6} helperText="-----BEGIN PRIVATE KEY-----; sealed in the database" slotProps={{ htmlInput: { className: 'w-mono', spellCheck: false } }} fullWidth />
    </>
  );
}

/** A choice between ways to get a certificate. */
export function Way({ ways, way, onWay }: { ways: { id: string; name: string }[]; way: string; onWay(way: string): void }) {
  const say = useText();
  return (
    <FormCard title="Where it comes from">
      <div role="radiogroup" aria-label={say('Where it comes from')} className="x-ways">
        {ways.map(({ id, name }) => (
          <label key={id}>
            <input type="radio" name="way" value={id} checked={way === id} onChange={() => onWay(id)} /> {say(name)}
          </label>
        ))}
      </div>
    </FormCard>
  );
}

/** What the API takes of the values of a form, for the way that was chosen. */
export function bodyOf(values: Record<string, unknown>, way: string): Record<string, unknown> {
  const { certificate, private_key, passphrase, pkcs12, csr, extensions, validity_start, validity_end, ...rest } = values;
  const people = { name: rest.name, organization: rest.organization ?? null, notes: rest.notes ?? '', auto_renew: rest.auto_renew, ca: rest.ca, enrolment: rest.enrolment };
  if (way === 'import' && pkcs12) return { ...people, pkcs12, passphrase: passphrase ?? '' };
  if (way === 'import') return { ...people, certificate, private_key, ...(passphrase ? { passphrase } : {}) };
  // what is added and left empty is no extension
  const written = ((extensions ?? []) as { name?: string | null; value?: string | null; critical?: boolean }[]).filter(({ name, value }) => name || value);
  const list = written.map(({ name, value, critical = false }) => ({ name: name ?? '', value: value ?? '', critical })).map(({ name, value, critical }) =>
    /^\d+(\.\d+)+$/.test(name) ? { oid: name, value, critical } : { name, value, critical },
  );
  const body: Record<string, unknown> = { ...rest, ...people, extensions: list };
  if (validity_start) body.validity_start = `${String(validity_start)}T00:00:00Z`;
  if (validity_end) body.validity_end = `${String(validity_end)}T00:00:00Z`;
  if (way === 'request') {
    const { key_length: _length, ...signed } = body;
    return { ...signed, csr };
  }
  return { ...body, ...(passphrase ? { passphrase } : {}) };
}
