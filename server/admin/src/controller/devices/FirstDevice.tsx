// An installation without devices: what to type so that the first one registers, and that it is waited for.
import { Button, ToggleButton, ToggleButtonGroup } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useCreatePath } from 'react-admin';
import { Link } from 'react-router-dom';
import { useFrame } from '../../app/ConcernsContext';
import { Card } from '../../design/Card';
import { CopyButton } from '../../design/Copyable';
import { Status } from '../../design/Status';
import { useText } from '../../design/useText';
import { useManagedOrganizations } from '../../tenancy/managed';
import { readSettings } from '../organization/settings';
import { commandsOf, type Way } from './firstCommands';

/** The card in place of the empty list; the list asks again by itself. */
export function FirstDevice() {
  const { request } = useFrame();
  const createPath = useCreatePath();
  const organizations = useManagedOrganizations();
  const [chosen, setChosen] = useState<string>();
  const [way, setWay] = useState<Way>('openwrt');
  const organization = chosen ?? organizations[0]?.id;
  const { data: settings } = useQuery({
    queryKey: ['organizations', 'settings', organization],
    queryFn: async () => (await readSettings(request, organization ?? '')) ?? null,
    enabled: organization !== undefined,
  });
  const say = useText();
  const secret = settings?.shared_secret;
  const commands = (shown: string) => commandsOf(way, window.location.origin, shown);
  return (
    <div className="w-first">
      <Card title="No devices yet">
        <p className="w-secondary">{say('Type this on a router. It appears here by itself.')}</p>
        <div className="w-row" style={{ margin: '12px 0' }}>
          <ToggleButtonGroup exclusive value={way} onChange={(_, next: Way | null) => next && setWay(next)} aria-label={say('How it registers')}>
            <ToggleButton value="openwrt">{say('OpenWrt')}</ToggleButton>
            <ToggleButton value="curl">{say('curl')}</ToggleButton>
          </ToggleButtonGroup>
          {organizations.length > 1 && (
            <label className="w-small">
              {say('For')}{' '}
              <select value={organization} onChange={(event) => setChosen(event.target.value)}>
                {organizations.map(({ id, name }) => (
                  <option key={id} value={id}>
                    {name}
                  </option>
                ))}
              </select>
            </label>
          )}
          <Button color="inherit" component={Link} to={createPath({ resource: 'devices', type: 'create' })}>
            {say('Add one by hand')}
          </Button>
        </div>
        {settings && !settings.registration_enabled && <p className="w-secondary">{say('Registration is off for this organization: turn it on in its settings first.')}</p>}
        {secret ? (
          <div className="w-code">
            <pre>{commands('•'.repeat(12))}</pre>
            <CopyButton text={commands(secret)} label="commands" />
          </div>
        ) : (
          settings !== undefined && <p className="w-secondary">{say('The shared secret of the organization is needed, which your account may not see.')}</p>
        )}
        <p style={{ marginTop: 12 }}>
          <Status status="waiting" word="Waiting for the first device…" />
        </p>
      </Card>
    </div>
  );
}
