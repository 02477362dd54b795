// The form of access credentials: whose they are, by what devices are reached, and with what.
import { MenuItem, TextField } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { BooleanInput, required, SelectInput, TextInput, useDataProvider } from 'react-admin';
import { useController, useWatch } from 'react-hook-form';
import type { JSONObject } from '../api/types';
import { Failed, Loading } from '../design/states';
import { useText } from '../design/useText';
import { FormCard, FormProblems, Locked, useMayChange } from '../forms/FormParts';
import { OrganizationInput } from '../tenancy/references';
import { connectorName } from './looks';
import type { ConnectionProvider, SchemasByName } from './operations';
import { become, kindOf, kindsOf } from './schema';
import { SchemaFields } from './SchemaFields';
import './connection.css';

/** The schemas of connectors, by their identifiers. */
export function useConnectorSchemas() {
  const provider = useDataProvider<ConnectionProvider>();
  return useQuery({ queryKey: ['credentials', 'schemas'], queryFn: () => provider.credentialSchemas(), staleTime: Infinity });
}

function ParamsInput({ schemas }: { schemas: SchemasByName }) {
  const say = useText();
  const { field } = useController({ name: 'params', defaultValue: {} });
  const schema = schemas[useWatch({ name: 'connector' }) as string];
  const value = (field.value ?? {}) as JSONObject;
  const kinds = schema ? kindsOf(schema) : [];
  const [chosen, setChosen] = useState<number>();
  if (!schema) return null;
  const at = Math.min(chosen ?? kindOf(kinds, value), kinds.length - 1);
  return (
    <div className="c-fields">
      {kinds.length > 1 && (
        <TextField
          select
          label={say('Log in with')}
          value={at}
          fullWidth
          onChange={({ target }) => {
            setChosen(Number(target.value));
            field.onChange(become(kinds[Number(target.value)], value));
          }}
        >
          {kinds.map(({ title }, index) => (
            <MenuItem key={title} value={index}>
              {title}
            </MenuItem>
          ))}
        </TextField>
      )}
      <SchemaFields schema={kinds[at].schema} root={schema} value={value} onChange={field.onChange} />
    </div>
  );
}

/** The contents. */
export function CredentialsForm({ create = false }: { create?: boolean }) {
  const change = useMayChange('credentials');
  const { data, error, isPending, refetch } = useConnectorSchemas();
  if (isPending) return <Loading rows={4} onRetry={() => void refetch()} />;
  if (error) return <Failed reason={error.message} onRetry={() => void refetch()} />;
  return (
    <div className="w-stack w-form">
      <FormProblems />
      <Locked locked={!create && !change}>
        <div className="w-stack">
          <FormCard title="Credentials">
            <TextInput source="name" validate={required()} helperText={false} fullWidth />
            <OrganizationInput source="organization" shareable />
            <BooleanInput source="auto_add" helperText="Every device of the organization that has a configuration gets a connection with them" />
          </FormCard>
          <FormCard title="How devices are reached">
            <SelectInput source="connector" validate={required()} choices={Object.keys(data).map((id) => ({ id, name: connectorName(id) }))} helperText={false} fullWidth />
            <ParamsInput schemas={data} />
          </FormCard>
        </div>
      </Locked>
    </div>
  );
}
