// The page of a certification authority.
import { useQuery } from '@tanstack/react-query';
import { Ban, Download, FileKey, KeyRound, RotateCw } from 'lucide-react';
import { useState } from 'react';
import { BooleanInput, TextInput, required, useCanAccess, useCreatePath, useDataProvider, useGetList, useNotify, useRecordContext, useRefresh } from 'react-admin';
import { Button } from '@mui/material';
import { Link } from 'react-router-dom';
import { Ask } from '../design/Ask';
import { Banner } from '../design/Banner';
import { Card } from '../design/Card';
import { CopyableText } from '../design/Copyable';
import { Moment } from '../design/Moment';
import { MoreMenu } from '../design/MoreMenu';
import { ObjectActions } from '../app/ObjectActions';
import { ObjectHeader } from '../design/ObjectHeader';
import { StatusPill } from '../design/Status';
import { useText } from '../design/useText';
import { EditPage } from '../forms/EditPage';
import { FormCard, FormProblems, FormToolbar, Locked, useDeletion, useMayChange } from '../forms/FormParts';
import { OrganizationInput } from '../tenancy/references';
import { save, type X509Provider } from './operations';
import { Chain, Contents, Description, fileName, PackDialog, RevokeDialog } from './parts';
import { ValidityStatus } from './ValidityStatus';
import type { CA, Cert } from './types';
import { keyName, reasonName, validityOf } from './validity';
import './x509.css';

/** What the form may change. */
export function changedCA({ name, organization, notes, auto_renew, enrolment }: Partial<CA>): Partial<CA> {
  return { name, organization, notes, auto_renew, enrolment };
}

function RenewDialog({ ca, onClose }: { ca: CA; onClose(): void }) {
  const say = useText();
  const provider = useDataProvider<X509Provider>();
  const notify = useNotify();
  const refresh = useRefresh();
  const [keep, setKeep] = useState(true);
  const [busy, setBusy] = useState(false);
  const { data } = useQuery({ queryKey: ['x509', 'affected', ca.id], queryFn: () => provider.affected(ca.id) });
  const touched = data ? `${data.certificates.toLocaleString()} ${data.certificates === 1 ? 'certificate' : 'certificates'}` : 'its certificates';
  const run = async () => {
    setBusy(true);
    try {
      await provider.renew('ca', ca.id, keep);
      notify(keep || !data?.certificates ? say('%{name} is renewed', { name: ca.name }) : say('%{name} is renewed; of many certificates the last follow within minutes', { name: ca.name }), { type: 'success' });
      refresh();
    } catch (error) {
      notify(error instanceof Error ? error.message : String(error), { type: 'error' });
    }
    onClose();
  };
  return (
    <Ask title={say('Renew %{name}?', { name: ca.name })} verb={keep ? say('Renew the CA') : say('Renew the CA and %{touched}', { touched })} keep="Not now" dangerous={!keep} count={keep ? 1 : data?.certificates} busy={busy} onDo={() => void run()} onClose={onClose}>
      <label className="x-check">
        <input type="radio" name="keep" checked={keep} onChange={() => setKeep(true)} />{' '}{say('With its key: what it issued stays valid, and nobody needs new files but the certificate of the CA')}
      </label>
      <label className="x-check">
        <input type="radio" name="keep" checked={!keep} onChange={() => setKeep(false)} />{' '}{say('With a new key: %{touched} in force get new keys too, and everybody who uses them needs the new files', { touched })}
      </label>
    </Ask>
  );
}

function Header({ ca }: { ca: CA }) {
  const say = useText();
  const createPath = useCreatePath();
  const add = useCanAccess({ resource: 'cas', action: 'create' });
  const provider = useDataProvider<X509Provider>();
  const { data } = useQuery({ queryKey: ['x509', 'affected', ca.id], queryFn: () => provider.affected(ca.id) });
  const deletion = useDeletion('CA', ca.name, say('%{value} that it issued are deleted with it, and its revocation list ends.', { value: data ? say('%{certificates} certificates in force', { certificates: data.certificates.toLocaleString() }) : say('All certificates') }));
  const [open, setOpen] = useState<'renew' | 'revoke' | 'pack'>();
  const { status, word } = validityOf(ca);
  const actions = [
    { label: 'Download certificate and chain', icon: Download, href: `/api/v1/controller/ca/${ca.id}/chain/` },
    { label: 'Download revocation list', icon: Download, href: `/admin/pki/ca/${ca.id}.crl` },
    ...(ca.private_key
      ? [
          { label: 'Download private key', icon: KeyRound, onDo: () => save(ca.private_key, fileName(ca, '.key')) },
          { label: 'Download PKCS#12…', icon: FileKey, onDo: () => setOpen('pack') },
        ]
      : []),
    ...(add.canAccess && ca.parent !== null && !ca.revoked ? [{ label: 'Revoke…', icon: Ban, dangerous: true, onDo: () => setOpen('revoke') }] : []),
    ...(deletion.action ? [deletion.action] : []),
  ];
  return (
    <>
      <ObjectHeader
        title={ca.name}
        above={{ label: 'Certification authorities', to: createPath({ resource: 'cas', type: 'list' }) }}
        pill={<StatusPill status={status} word={word} />}
        actions={
          <>
            {add.canAccess && !ca.revoked && (
              <Button variant="outlined" startIcon={<RotateCw size={16} />} onClick={() => setOpen('renew')}>
                {say('Renew…')}
              </Button>
            )}
            <ObjectActions of="cas" />
            <MoreMenu label="More about this CA" actions={actions} />
          </>
        }
        facts={
          <>
            <span>{keyName(ca.key_length)}</span>
            <span>
              {say('Valid until')}{' '}<Moment at={ca.validity_end} />
            </span>
            {data && <span>{data.certificates === 1 ? say('1 certificate') : say('%{certificates} certificates', { certificates: data.certificates.toLocaleString() })}{' '}{say('in force')}</span>}
          </>
        }
      />
      {deletion.question}
      {open === 'renew' && <RenewDialog ca={ca} onClose={() => setOpen(undefined)} />}
      {open === 'pack' && <PackDialog kind="ca" of={ca} onClose={() => setOpen(undefined)} />}
      {open === 'revoke' && (
        <RevokeDialog kind="ca" of={ca} loss={say('Everything below it becomes worthless%{value}.', { value: data ? say(': %{certificates} certificates, %{authorities} CAs', { certificates: data.certificates, authorities: data.authorities }) : '' })} onClose={() => setOpen(undefined)} />
      )}
    </>
  );
}

/** The newest certificates of a CA. */
function Issued({ ca }: { ca: CA }) {
  const say = useText();
  const { data, total } = useGetList<Cert>('certs', { pagination: { page: 1, perPage: 5 }, sort: { field: 'created', order: 'DESC' }, filter: { ca: ca.id } });
  const all = `/certs?filter=${encodeURIComponent(JSON.stringify({ ca: ca.id }))}`;
  return (
    <Card title="Issued" more={total ? <Link to={all}>{say('All %{total}', { total: total.toLocaleString() })}</Link> : undefined} flush={Boolean(data?.length)}>
      {data?.length === 0 && <p className="w-secondary">{say('Nothing yet.')}</p>}
      {data && data.length > 0 && (
        <ul className="w-rows">
          {data.map((cert) => (
            <li key={cert.id}>
              <Link className="w-grow w-clip w-medium" to={`/certs/${cert.id}`}>
                {cert.name}
              </Link>
              <ValidityStatus of={cert} />
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function Page() {
  const say = useText();
  const ca = useRecordContext<CA>();
  const change = useMayChange('cas');
  if (!ca) return null;
  return (
    <>
      <div className="w-stack w-form">
        <FormProblems />
        {ca.revoked && <Banner status="critical" title={`Revoked: ${reasonName(ca.revocation_reason)}`}>{say('It issues nothing any more.')}</Banner>}
        <Locked locked={!change}>
          <FormCard title="CA">
            <TextInput helperText={false} source="name" validate={required()} fullWidth />
            <OrganizationInput source="organization" shareable />
            <BooleanInput source="auto_renew" helperText="With its key, so that what it issued stays valid" />
            <BooleanInput source="enrolment" helperText="Devices ask for certificates with their id and key (EST)" />
            <TextInput helperText={false} source="notes" multiline minRows={2} fullWidth />
          </FormCard>
        </Locked>
        <Issued ca={ca} />
        <Chain first={ca.parent} name={ca.name} />
        <Contents of={ca} />
        <FormCard title="For certificates and servers" note="no account is needed">
          <div className="x-copies">
          <CopyableText label="Revocation list, PEM" text={`${window.location.origin}/admin/pki/ca/${ca.id}.crl`} />
          <CopyableText label="Revocation list, DER" text={`${window.location.origin}/pki/${ca.id}.crl`} />
          <CopyableText label="OCSP" text={`${window.location.origin}/pki/${ca.id}/ocsp`} />
          {ca.enrolment && <CopyableText label="EST" text={`${window.location.origin}/.well-known/est/${ca.id}`} />}
          </div>
        </FormCard>
        <Description kind="ca" id={ca.id} />
      </div>
    </>
  );
}

function Bar() {
  return <FormToolbar locked={!useMayChange('cas')} />;
}

/** The page. */
export default function CAEdit() {
  return (
    <EditPage<CA> what="CA" transform={changedCA} header={(ca) => <Header ca={ca} />} bar={<Bar />}>
      <Page />
    </EditPage>
  );
}
