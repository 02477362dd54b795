// The page that makes or imports a certification authority.
import { useState } from 'react';
import { AutocompleteInput, BooleanInput, NumberInput, ReferenceInput, required, TextInput } from 'react-admin';
import { CreatePage } from '../forms/EditPage';
import { Columns, FormCard, FormProblems, FormToolbar } from '../forms/FormParts';
import { OrganizationInput } from '../tenancy/references';
import { bodyOf, ExtensionInputs, ImportInputs, KeyInputs, SubjectInputs, Way } from './parts';
import type { CA } from './types';
import './x509.css';

const ways = [
  { id: 'create', name: 'Make a new one' },
  { id: 'import', name: 'Import one I have' },
];

/** The page. */
export default function CACreate() {
  const [way, setWay] = useState('create');
  return (
    <CreatePage
      title="Add a CA"
      list="Certification authorities"
      defaultValues={{ name: '', key_length: '256', digest: 'sha256', extensions: [], auto_renew: false, enrolment: false, path_length: 0 }}
      transform={(values: never) => bodyOf(values, way)}
      bar={<FormToolbar create verb={way === 'import' ? 'Import CA' : 'Make CA'} />}
    >
      <div className="w-stack w-form">
        <FormProblems />
        <Way ways={ways} way={way} onWay={setWay} />
        <FormCard title="CA">
          <TextInput helperText={false} source="name" validate={required()} fullWidth />
          <OrganizationInput source="organization" shareable />
          <BooleanInput source="enrolment" helperText="Devices ask for certificates with their id and key (EST)" />
          <TextInput helperText={false} source="notes" multiline minRows={2} fullWidth />
        </FormCard>
        {way === 'import' ? (
          <ImportInputs />
        ) : (
          <>
            <SubjectInputs note="what the certificate says of the CA" />
            <FormCard title="Place in the chain">
              <Columns>
                <ReferenceInput source="parent" reference="cas" perPage={50} sort={{ field: 'name', order: 'ASC' }}>
                  <AutocompleteInput<CA> optionText="name" filterToQuery={(text: string) => ({ q: text })} helperText="Empty: it signs itself" fullWidth />
                </ReferenceInput>
                <NumberInput source="path_length" min={0} max={255} helperText="How many CAs may follow below it; empty: any number" fullWidth />
              </Columns>
            </FormCard>
            <KeyInputs />
            <ExtensionInputs />
          </>
        )}
      </div>
    </CreatePage>
  );
}
