// Where the variables of a device come from: what counts, who says so, and what it is stronger than.
import { Alert, Chip, CircularProgress } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { useDataProvider } from 'react-admin';
import { type Say, useText } from '../../design/useText';
import type { ControllerProvider } from '../operations';
import type { VariableValue } from '../types';
import { isSecretName } from '../editor/mask';
import { originWord } from './origins';

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** One level in words, as a title shows it. */
function said(value: VariableValue, say: Say): string {
  return `${originWord(value, say)}: ${text(value.value)}`;
}

/** The table. */
export function OriginsTable({ device }: { device: string }) {
  const say = useText();
  const provider = useDataProvider<ControllerProvider>();
  const { data, error, isPending } = useQuery({ queryKey: ['devices', 'variables', device], queryFn: () => provider.variables(device) });
  if (isPending) return <CircularProgress size={20} />;
  if (error) return <Alert severity="warning">{error.message}</Alert>;
  return (
    <>
      {data.undefined.length > 0 && (
        <Alert severity="warning" sx={{ mb: 1 }}>
          {say('Used and defined nowhere: %{undefined}', { undefined: data.undefined.join(', ') })}
        </Alert>
      )}
      {data.unused.length > 0 && <p className="w-secondary">{say('Defined and not used by this device: %{unused}', { unused: data.unused.join(', ') })}</p>}
      <table className="w-origins">
        <thead>
          <tr>
            <th scope="col">{say('Variable')}</th>
            <th scope="col">{say('Value')}</th>
            <th scope="col">{say('From')}</th>
          </tr>
        </thead>
        <tbody>
          {data.variables
            .filter(({ defined }) => defined)
            .map(({ name, value, values, secret, fault, description }) => {
              const [first, ...weaker] = values;
              return (
                <tr key={name}>
                  <th scope="row">
                    {name}
                    {description && <div className="w-secondary">{description}</div>}
                  </th>
                  <td>
                    {secret || isSecretName(name) ? '••••••' : text(value)}
                    {fault && (
                      <Alert severity="warning" sx={{ mt: 0.5, py: 0 }}>
                        {fault}
                      </Alert>
                    )}
                  </td>
                  <td>
                    {first && originWord(first, say)}
                    {weaker.length > 0 && !secret && !isSecretName(name) && <Chip size="small" variant="outlined" label={say('over %{number}', { number: weaker.length })} title={weaker.map((one) => said(one, say)).join('\n')} sx={{ ml: 1 }} />}
                  </td>
                </tr>
              );
            })}
        </tbody>
      </table>
    </>
  );
}
