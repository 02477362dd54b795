// The page of a certificate.
import { Button } from '@mui/material';
import { Ban, Download, FileKey, KeyRound, RotateCw } from 'lucide-react';
import { useState } from 'react';
import { BooleanInput, required, TextInput, useCanAccess, useCreatePath, useDataProvider, useNotify, useRecordContext, useRefresh } from 'react-admin';
import { Link } from 'react-router-dom';
import { Ask } from '../design/Ask';
import { Banner } from '../design/Banner';
import { Moment } from '../design/Moment';
import { MoreMenu } from '../design/MoreMenu';
import { ObjectActions } from '../app/ObjectActions';
import { ObjectHeader } from '../design/ObjectHeader';
import { StatusPill } from '../design/Status';
import { useText } from '../design/useText';
import { EditPage } from '../forms/EditPage';
import { FormCard, FormProblems, FormToolbar, Locked, useDeletion, useMayChange } from '../forms/FormParts';
import { Reference } from '../lists/Reference';
import { OrganizationInput } from '../tenancy/references';
import { save, type X509Provider } from './operations';
import { Chain, Contents, Description, fileName, PackDialog, RevokeDialog } from './parts';
import type { Cert } from './types';
import { keyName, reasonName, validityOf } from './validity';
import './x509.css';

/** What the form may change. */
export function changedCert({ name, organization, notes, auto_renew }: Partial<Cert>): Partial<Cert> {
  return { name, organization, notes, auto_renew };
}

function RenewDialog({ cert, onClose }: { cert: Cert; onClose(): void }) {
  const say = useText();
  const provider = useDataProvider<X509Provider>();
  const notify = useNotify();
  const refresh = useRefresh();
  const [busy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    try {
      await provider.renew('cert', cert.id);
      notify(say('%{name} is renewed', { name: cert.name }), { type: 'success' });
      refresh();
    } catch (error) {
      notify(error instanceof Error ? error.message : String(error), { type: 'error' });
    }
    onClose();
  };
  return (
    <Ask title={say('Renew %{name}?', { name: cert.name })} verb="Renew" keep="Not now" busy={busy} onDo={() => void run()} onClose={onClose}>
      {cert.has_private_key ? say('It gets a new key and a new serial number: anybody who uses it needs the new files.') : say('Its key is elsewhere and stays; it gets a new serial number: anybody who uses it needs the new certificate.')}{' '}{say('The old one stays valid until it expires.')}
      {cert.revoked && say(' It was revoked, and so is what it gets.')}
    </Ask>
  );
}

function Header({ cert }: { cert: Cert }) {
  const say = useText();
  const createPath = useCreatePath();
  const add = useCanAccess({ resource: 'certs', action: 'create' });
  const deletion = useDeletion('certificate', cert.name, 'It is put on hold in the revocation list, since its key may still be somewhere.');
  const [open, setOpen] = useState<'renew' | 'revoke' | 'pack'>();
  const { status, word } = validityOf(cert);
  const actions = [
    { label: 'Download certificate and chain', icon: Download, href: `/api/v1/controller/cert/${cert.id}/chain/` },
    ...(cert.private_key
      ? [
          { label: 'Download private key', icon: KeyRound, onDo: () => save(cert.private_key, fileName(cert, '.key')) },
          { label: 'Download PKCS#12…', icon: FileKey, onDo: () => setOpen('pack') },
        ]
      : []),
    ...(add.canAccess && !cert.revoked ? [{ label: 'Revoke…', icon: Ban, dangerous: true, onDo: () => setOpen('revoke') }] : []),
    ...(deletion.action ? [deletion.action] : []),
  ];
  return (
    <>
      <ObjectHeader
        title={cert.name}
        above={{ label: 'Certificates', to: createPath({ resource: 'certs', type: 'list' }) }}
        pill={<StatusPill status={status} word={word} />}
        actions={
          <>
            {add.canAccess && (
              <Button variant="outlined" startIcon={<RotateCw size={16} />} onClick={() => setOpen('renew')}>
                {say('Renew…')}
              </Button>
            )}
            <ObjectActions of="certs" />
            <MoreMenu label="More about this certificate" actions={actions} />
          </>
        }
        facts={
          <>
            <span>
              {say('CA')}{' '}
              <Link to={`/cas/${cert.ca}`}>
                <Reference resource="cas" id={cert.ca} />
              </Link>
            </span>
            <span>{keyName(cert.key_length)}</span>
            <span>
              {say('Valid until')}{' '}<Moment at={cert.validity_end} />
            </span>
          </>
        }
      />
      {deletion.question}
      {open === 'renew' && <RenewDialog cert={cert} onClose={() => setOpen(undefined)} />}
      {open === 'pack' && <PackDialog kind="cert" of={cert} onClose={() => setOpen(undefined)} />}
      {open === 'revoke' && <RevokeDialog kind="cert" of={cert} loss="Servers that read the revocation list refuse it, with all serial numbers that it ever had." onClose={() => setOpen(undefined)} />}
    </>
  );
}

function Page() {
  const say = useText();
  const cert = useRecordContext<Cert>();
  const change = useMayChange('certs');
  if (!cert) return null;
  return (
    <>
      <div className="w-stack w-form">
        <FormProblems />
        {cert.revoked && (
          <Banner status="critical" title={`Revoked: ${reasonName(cert.revocation_reason)}`}>
            <Moment at={cert.revoked_at} exact />
          </Banner>
        )}
        {!cert.has_private_key && <Banner status="unknown" title="The private key is not here">{say('It was made by the person who asked for the certificate, and never left there.')}</Banner>}
        <Locked locked={!change}>
          <FormCard title="Certificate">
            <TextInput helperText={false} source="name" validate={required()} fullWidth />
            <OrganizationInput source="organization" shareable />
            <BooleanInput source="auto_renew" helperText="Renews itself two weeks before it expires" />
            <TextInput helperText={false} source="notes" multiline minRows={2} fullWidth />
          </FormCard>
        </Locked>
        <Chain first={cert.ca} name={cert.name} />
        <Contents of={cert} />
        <Description kind="cert" id={cert.id} />
      </div>
    </>
  );
}

function Bar() {
  return <FormToolbar locked={!useMayChange('certs')} />;
}

/** The page. */
export default function CertEdit() {
  return (
    <EditPage<Cert> what="certificate" transform={changedCert} header={(cert) => <Header cert={cert} />} bar={<Bar />}>
      <Page />
    </EditPage>
  );
}
