// The page that makes a batch of users.
import { useState } from 'react';
import { DateInput, Form, NumberInput, RadioButtonGroupInput, required, TextInput, useCreatePath, useDataProvider, useNotify } from 'react-admin';
import { Alert, Button } from '@mui/material';
import { useWatch } from 'react-hook-form';
import { useNavigate } from 'react-router-dom';
import { PageHead } from '../design/PageHead';
import { useText } from '../design/useText';
import { Columns, FormCard } from '../forms/FormParts';
import { OrganizationInput } from '../tenancy/references';
import type { NewBatch, RadiusProvider } from './operations';

const sample = 'ann,cleartext$secret,ann@example.org,Ann,Lee\n,,bob@example.org,Bob,Ray\n';

function Contents({ file, onFile }: { file?: File; onFile(file?: File): void }) {
  const say = useText();
  const strategy = useWatch({ name: 'strategy' }) as string;
  return (
    <>
      <FormCard title="Batch">
        <TextInput source="name" validate={required()} helperText={false} fullWidth />
        <OrganizationInput source="organization" />
        <RadioButtonGroupInput
          source="strategy"
          label="Users come from"
          choices={[
            { id: 'prefix', name: 'a prefix' },
            { id: 'csv', name: 'a CSV file' },
          ]}
          helperText={false}
        />
        {strategy === 'prefix' ? (
          <Columns>
            <TextInput source="prefix" validate={required()} helperText="Names are it and a number" fullWidth />
            <NumberInput source="number_of_users" min={1} max={100_000} validate={required()} helperText={false} fullWidth />
          </Columns>
        ) : (
          <div className="w-field">
            <label htmlFor="batch-file">{say('File')}</label>
            <input id="batch-file" type="file" accept=".csv,text/csv,text/plain" onChange={(event) => onFile(event.target.files?.[0])} />
            <p className="w-secondary">{say('Username, password, e-mail, first and last name, without a header. Who has no password gets a random one by e-mail.')}{!file && say(' For instance:')}</p>
            {!file && <pre className="w-code w-mono">{sample}</pre>}
          </div>
        )}
      </FormCard>
      <FormCard title="More">
        <DateInput source="expiration_date" label="Last day of the accounts" helperText="Without one they have no end" fullWidth />
        <TextInput source="notes" helperText={false} multiline minRows={2} fullWidth />
      </FormCard>
    </>
  );
}

/** The page. */
export default function BatchCreate() {
  const say = useText();
  const provider = useDataProvider<RadiusProvider>();
  const notify = useNotify();
  const navigate = useNavigate();
  const createPath = useCreatePath();
  const [file, setFile] = useState<File>();
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string>();
  const make = async (values: Record<string, unknown>) => {
    setBusy(true);
    setFault(undefined);
    try {
      const made = await provider.makeBatch(values as unknown as NewBatch, file);
      notify(made.status === 'completed' ? 'The batch was made' : 'The batch is being made', { type: 'success' });
      navigate(createPath({ resource: 'radiusbatches', id: made.id, type: 'edit' }));
    } catch (error) {
      setFault(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="w-page">
      <PageHead title="Add a batch of users" />
      <Form noValidate defaultValues={{ name: '', strategy: 'prefix', prefix: '', number_of_users: 10, notes: '', expiration_date: null }} onSubmit={(values: Record<string, unknown>) => void make(values)}>
        <div className="w-stack w-form">
          {fault && <Alert severity="error">{fault}</Alert>}
          <Contents file={file} onFile={setFile} />
          <div className="w-row">
            <Button type="submit" variant="contained" disabled={busy}>
              {busy ? say('Working…') : say('Add batch')}
            </Button>
          </div>
        </div>
      </Form>
    </div>
  );
}
