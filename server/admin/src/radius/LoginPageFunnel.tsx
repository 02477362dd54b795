// How far people came at the login pages of an organization.
import { useEffect, useState } from 'react';
import { useDataProvider, useRecordContext } from 'react-admin';
import { useText } from '../design/useText';
import { FormCard } from '../forms/FormParts';
import type { RadiusProvider } from './operations';
import type { FunnelDay, LoginPage } from './types';

/** The latest two weeks. */
export function LoginPageFunnel() {
  const say = useText();
  const provider = useDataProvider<RadiusProvider>();
  const organization = useRecordContext<LoginPage>()?.organization;
  const [days, setDays] = useState<FunnelDay[]>();
  const [problem, setProblem] = useState('');
  useEffect(() => {
    if (!organization) return;
    provider.loginPageFunnel(organization).then(setDays, (error: unknown) => setProblem(error instanceof Error ? error.message : String(error)));
  }, [provider, organization]);
  return (
    <FormCard title="Visitors" note="browsers that saw the page, that tried, and people who came online">
      {problem && <p role="alert">{problem}</p>}
      {days?.length === 0 && <p className="w-secondary">{say('Nobody has seen the page yet.')}</p>}
      {days && days.length > 0 && (
        <table className="w-funnel">
          <thead>
            <tr>
              <th scope="col">{say('Day')}</th>
              <th scope="col">{say('Seen')}</th>
              <th scope="col">{say('Tried')}</th>
              <th scope="col">{say('Online')}</th>
            </tr>
          </thead>
          <tbody>
            {days.map(({ day, seen, tried, online }) => (
              <tr key={day}>
                <th scope="row">{day}</th>
                <td>{seen}</td>
                <td>{tried}</td>
                <td>{online}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </FormCard>
  );
}
