// The page that makes, imports or signs a certificate.
import { useState } from 'react';
import { AutocompleteInput, ReferenceInput, required, TextInput } from 'react-admin';
import { CreatePage } from '../forms/EditPage';
import { FormCard, FormProblems, FormToolbar } from '../forms/FormParts';
import { OrganizationInput } from '../tenancy/references';
import { bodyOf, ExtensionInputs, ImportInputs, KeyInputs, SubjectInputs, Way } from './parts';
import type { CA } from './types';
import './x509.css';

const ways = [
  { id: 'create', name: 'Make a new one' },
  { id: 'request', name: 'Sign a request, whose key is elsewhere' },
  { id: 'import', name: 'Import one I have' },
];

const verbs: Record<string, string> = { create: 'Make certificate', request: 'Sign request', import: 'Import certificate' };

/** The page. */
export default function CertCreate() {
  const [way, setWay] = useState('create');
  return (
    <CreatePage
      title="Add a certificate"
      list="Certificates"
      defaultValues={{ name: '', key_length: '256', digest: 'sha256', extensions: [], auto_renew: false }}
      transform={(values: never) => bodyOf(values, way)}
      bar={<FormToolbar create verb={verbs[way]} />}
    >
      <div className="w-stack w-form">
        <FormProblems />
        <Way ways={ways} way={way} onWay={setWay} />
        <FormCard title="Certificate">
          <TextInput helperText={false} source="name" validate={required()} fullWidth />
          <ReferenceInput source="ca" reference="cas" perPage={50} sort={{ field: 'name', order: 'ASC' }}>
            <AutocompleteInput<CA> optionText="name" filterToQuery={(text: string) => ({ q: text })} validate={required()} helperText="The CA that issues it, or issued it" fullWidth />
          </ReferenceInput>
          <OrganizationInput source="organization" shareable />
          <TextInput helperText={false} source="notes" multiline minRows={2} fullWidth />
        </FormCard>
        {way === 'import' ? (
          <ImportInputs />
        ) : (
          <>
            {way === 'request' && (
              <FormCard title="Request">
                <TextInput source="csr" validate={required()} multiline minRows={6} helperText="-----BEGIN CERTIFICATE REQUEST-----; only its key is taken over" slotProps={{ htmlInput: { className: 'w-mono', spellCheck: false } }} fullWidth />
              </FormCard>
            )}
            <SubjectInputs note="what the certificate says of its holder" />
            <KeyInputs withKey={way === 'create'} />
            <ExtensionInputs />
          </>
        )}
      </div>
    </CreatePage>
  );
}
