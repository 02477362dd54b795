// Which variables of an organization are used and not defined, and which are defined and not used: asked for by a button, as all devices are read.
import { Alert, Button } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useDataProvider } from 'react-admin';
import { useText } from '../../design/useText';
import type { ControllerProvider } from '../operations';
import type { VariableReport as Report } from '../types';
import { definedBy, pathOf, usedBy, verdict } from './variableReport';

/** The button, and what was found. */
export function VariableReport({ organization }: { organization: string }) {
  const say = useText();
  const provider = useDataProvider<ControllerProvider>();
  const [asked, setAsked] = useState(false);
  const { data, error, isFetching, refetch } = useQuery({ queryKey: ['variable-report', organization], queryFn: () => provider.variableReport(organization), enabled: asked });
  return (
    <section aria-label={say('Missing and unused variables')}>
      <Button size="small" disabled={isFetching} onClick={() => (asked ? void refetch() : setAsked(true))}>
        {isFetching ? say('Looking through all devices…') : say('Look for missing and unused variables')}
      </Button>
      {error && <Alert severity="warning">{error.message}</Alert>}
      {data && <Found report={data} />}
    </section>
  );
}

function Found({ report }: { report: Report }) {
  const say = useText();
  return (
    <div role="status">
      <p className="w-secondary">{verdict(report)}</p>
      {report.undefined.length > 0 && (
        <table className="w-origins">
          <caption>{say('Used and not defined: the text keeps the name in braces')}</caption>
          <thead>
            <tr>
              <th scope="col">{say('Variable')}</th>
              <th scope="col">{say('Used by')}</th>
              <th scope="col">{say('Missing on')}</th>
            </tr>
          </thead>
          <tbody>
            {report.undefined.map((row) => (
              <tr key={row.name}>
                <th scope="row">{row.name}</th>
                <td>{usedBy(row)}</td>
                <td>
                  {row.devices === 1 ? '' : say('%{devices} devices, such as ', { devices: row.devices.toLocaleString() })}
                  <Link to={`/devices/${row.sample_id}`}>{row.sample}</Link>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {report.unused.length > 0 && (
        <table className="w-origins">
          <caption>{say('Defined and not used')}</caption>
          <thead>
            <tr>
              <th scope="col">{say('Variable')}</th>
              <th scope="col">{say('Defined by')}</th>
            </tr>
          </thead>
          <tbody>
            {report.unused.map((row) => {
              const path = pathOf(row);
              return (
                <tr key={`${row.name} ${row.origin} ${row.id}`}>
                  <th scope="row">{row.name}</th>
                  <td>{path ? <Link to={path}>{definedBy(row)}</Link> : definedBy(row)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
    </div>
  );
}
