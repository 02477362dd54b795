// What is to be run: the type of a command, and what it takes.
import { MenuItem, TextField } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { useDataProvider } from 'react-admin';
import { useText } from '../design/useText';
import type { JSONObject } from '../api/types';
import type { ConnectionProvider, SchemasByName } from './operations';
import { beginning, takesNothing } from './schema';
import { SchemaFields } from './SchemaFields';

/** What was chosen. */
export interface Chosen {
  type: string;
  input: JSONObject;
}

/** The commands of an organization. */
export function useCommandSchemas(organization: string | null | undefined) {
  const provider = useDataProvider<ConnectionProvider>();
  return useQuery({
    queryKey: ['commands', 'schemas', organization],
    queryFn: () => provider.commandSchemas(organization ?? null),
    enabled: organization !== undefined,
    staleTime: 300_000,
    retry: false,
  });
}

/** What the API takes as input: null where the command takes none. */
export function inputOf(schema: JSONObject | undefined, input: JSONObject): JSONObject | null {
  return schema && takesNothing(schema) ? null : input;
}

/** The question before a command that takes nothing, or wants one. */
export function questionOf(schema: JSONObject | undefined): string | undefined {
  if (!schema) return undefined;
  if (typeof schema.confirmation_message === 'string') return schema.confirmation_message;
  return schema.requires_confirmation === true || takesNothing(schema) ? 'It is run at once, and cannot be taken back.' : undefined;
}

/** A command's name for people. */
export function titleOf(schema: JSONObject | undefined, type: string): string {
  return typeof schema?.title === 'string' ? schema.title : type;
}

/** The inputs. */
export function CommandInput({ schemas, value, onChange }: { schemas: SchemasByName; value: Chosen; onChange(value: Chosen): void }) {
  const say = useText();
  const schema = schemas[value.type];
  return (
    <>
      <TextField select label={say('Command')} value={schema ? value.type : ''} onChange={({ target }) => onChange({ type: target.value, input: beginning(schemas[target.value] ?? {}) })} fullWidth>
        {Object.entries(schemas).map(([type, one]) => (
          <MenuItem key={type} value={type}>
            {titleOf(one, type)}
          </MenuItem>
        ))}
      </TextField>
      <div className="c-fields">{schema && !takesNothing(schema) && <SchemaFields schema={schema} value={value.input} onChange={(input) => onChange({ ...value, input })} />}</div>
    </>
  );
}
