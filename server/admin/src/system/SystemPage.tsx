// What the installation is made of: program, machine, database, parts, packages. For superusers.
import { useQuery } from '@tanstack/react-query';
import { Fragment, type ReactNode, useMemo, useState } from 'react';
import { TextField } from '@mui/material';
import { useDataProvider, usePermissions } from 'react-admin';
import type { Session } from '../api/types';
import { Card } from '../design/Card';
import { Moment } from '../design/Moment';
import { PageHead } from '../design/PageHead';
import { Failed, Loading, Refused } from '../design/states';
import { useText } from '../design/useText';
import type { SystemProvider } from './operations';
import './system.css';

const databases: Record<string, string> = { sqlite: 'SQLite', postgresql: 'PostgreSQL' };

function Packages({ packages }: { packages: { name: string; version: string }[] }) {
  const say = useText();
  const [text, setText] = useState('');
  const found = useMemo(() => packages.filter(({ name }) => name.toLowerCase().includes(text.trim().toLowerCase())), [packages, text]);
  return (
    <Card title="Packages" note={packages.length.toLocaleString()}>
      {packages.length === 0 ? (
        <p className="w-secondary">{say('Not known: the program was built without this information.')}</p>
      ) : (
        <>
          <TextField fullWidth placeholder={say('Find a package')} value={text} onChange={(event) => setText(event.target.value)} slotProps={{ htmlInput: { 'aria-label': say('Find a package') } }} />
          {found.length === 0 && <p className="w-secondary">{say('No package matches.')}</p>}
          <ul className="w-packages">
            {found.map(({ name, version }) => (
              <li key={name}>
                <span className="w-mono w-clip" title={name}>
                  {name}
                </span>
                <span className="w-mono w-muted w-clip" title={version}>
                  {version}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </Card>
  );
}

function Known() {
  const say = useText();
  const provider = useDataProvider<SystemProvider>();
  const { data, error, refetch } = useQuery({ queryKey: ['system'], queryFn: () => provider.systemInfo() });
  if (error && !data) return <Failed reason={error.message} onRetry={() => void refetch()} />;
  if (!data) return <Loading rows={4} />;
  const facts: [string, ReactNode][] = [
    ['Version', data.version || 'not known'],
    ['Database', `${databases[data.database] ?? data.database} ${data.database_version}`],
    ['Operating system', data.os],
    ['Kernel', data.kernel || 'not known'],
    ['Architecture', data.architecture],
    ['Node', data.node || 'not known'],
    ['Started', <Moment key="started" at={data.started} />],
    ['Go', data.go_version.replace(/^go/, '')],
  ];
  return (
    <div className="w-stack">
      <Card title="Installation">
        <dl className="w-pairs">
          {facts.map(([name, value]) => (
            <Fragment key={name}>
              <dt>{say(name)}</dt>
              <dd>{say(value)}</dd>
            </Fragment>
          ))}
        </dl>
      </Card>
      <Card title="Parts" note={data.parts.length}>
        <p className="w-system-parts">{data.parts.join(', ')}</p>
      </Card>
      <Packages packages={data.packages} />
    </div>
  );
}

/** The page. */
export default function SystemPage() {
  const say = useText();
  const { permissions: session } = usePermissions<Session>();
  if (!session) return null;
  return (
    <div className="w-page">
      <PageHead title="System information" />
      {session.user.is_superuser ? <Known /> : <Refused title="Only superusers see this">{say('It tells which versions run here. Ask a superuser for what you need of it.')}</Refused>}
    </div>
  );
}
