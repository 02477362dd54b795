// Imports devices from a file: it is tried first, and every faulty row is told. Exports are files of the same form.
import { Alert, Button, Checkbox, FormControlLabel } from '@mui/material';
import { Download, Upload } from 'lucide-react';
import { useState } from 'react';
import { useCanAccess, useDataProvider } from 'react-admin';
import { Link } from 'react-router-dom';
import { apiRoot } from '../../api/client';
import { Card } from '../../design/Card';
import { FileButton } from '../../design/FileButton';
import { PageHead } from '../../design/PageHead';
import { Refused } from '../../design/states';
import { useText } from '../../design/useText';
import { TaskProgress } from '../devices/TaskProgress';
import type { ControllerProvider } from '../operations';
import { useManagedOrganizations } from '../../tenancy/managed';
import type { DeviceTask } from '../types';
import { NativeCard } from './NativeCard';
import './imports.css';

const sampleOf = (organization: string) => `organization_id,name,mac_address,config_context\n${organization},roof-1,02:00:00:00:00:01,"{""channel"": 6}"\n`;
const formats = ['csv', 'xlsx', 'json'] as const;

/** One file on its way: tried, then imported. */
function Chosen({ file, onAnother }: { file: File; onAnother(): void }) {
  const say = useText();
  const provider = useDataProvider<ControllerProvider>();
  const [skip, setSkip] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const [tried, setTried] = useState<{ id: string; result?: DeviceTask }>();
  const [done, setDone] = useState<{ id: string; result?: DeviceTask }>();
  const start = async (dry: boolean) => {
    setBusy(true);
    setProblem(undefined);
    try {
      const { id } = await provider.importDevices(file, dry, skip);
      if (dry) setTried({ id });
      else setDone({ id });
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };
  const faulty = tried?.result?.failed ?? 0;
  const good = tried?.result !== undefined && tried.result.changed > 0 && (faulty === 0 || skip);
  return (
    <>
      <p className="w-secondary">
        {say('%{name}, %{size} KiB', { name: file.name, size: Math.ceil(file.size / 1024).toLocaleString() })}
      </p>
      {problem && <Alert severity="error">{problem}</Alert>}
      {tried && !done && <TaskProgress id={tried.id} onOver={(result) => setTried({ id: tried.id, result })} />}
      {done && <TaskProgress id={done.id} onOver={(result) => setDone({ id: done.id, result })} />}
      {faulty > 0 && !done && <FormControlLabel control={<Checkbox checked={skip} onChange={(_, checked) => setSkip(checked)} />} label={say('Import the other rows and leave the faulty ones out')} />}
      <div className="w-row" style={{ marginTop: 12 }}>
        {done?.result ? (
          <Button variant="contained" component={Link} to="/devices">
            {say('To the devices')}
          </Button>
        ) : (
          <>
            <Button variant={tried ? 'outlined' : 'contained'} disabled={busy || done !== undefined} onClick={() => void start(true)}>
              {tried ? say('Try it again') : say('Try it')}
            </Button>
            <Button variant="contained" disabled={busy || done !== undefined || !good} onClick={() => void start(false)}>
              {say('Import')}
            </Button>
          </>
        )}
        <Button color="inherit" onClick={onAnother}>
          {say('Another file')}
        </Button>
      </div>
    </>
  );
}

/** The page. */
export default function ImportPage() {
  const text = useText();
  const add = useCanAccess({ resource: 'devices', action: 'create' });
  const organizations = useManagedOrganizations();
  const [file, setFile] = useState<File>();
  return (
    <div className="w-page">
      <PageHead title="Import and export devices" />
      <div className="w-stack w-form">
        <Card title="Import">
          {add.canAccess === false ? (
            <Refused title="You may not add devices">{text('Ask for the permission to add and change devices.')}</Refused>
          ) : file ? (
            <Chosen key={`${file.name} ${file.lastModified}`} file={file} onAnother={() => setFile(undefined)} />
          ) : (
            <>
              <p className="w-secondary">{text('CSV, XLSX or JSON with up to 100,000 rows. Nothing is stored while a row is faulty, unless you say so.')}</p>
              <FileButton label="The file with devices" accept=".csv,.xlsx,.json" variant="contained" startIcon={<Upload size={16} />} onFiles={([chosen]) => setFile(chosen)}>
                {text('Choose a file')}
              </FileButton>
            </>
          )}
        </Card>
        <NativeCard />
        <Card title="Export">
          <p className="w-secondary">{text('All devices that you may see, in the form that the import takes.')}</p>
          <div className="w-row">
            {formats.map((format) => (
              <Button key={format} variant="outlined" startIcon={<Download size={16} />} href={`${apiRoot}controller/device-export/?as=${format}`} download>
                {format.toUpperCase()}
              </Button>
            ))}
          </div>
        </Card>
        <Card title="What such a file looks like">
          <p className="w-secondary">{text('A row with the names of the columns, then a device each. A row with the id of a device (column id) changes it. What has no column, or nothing in it, stays as it is; organizations, groups and templates are given by their ids.')}</p>
          <pre className="w-code w-mono i-sample">{sampleOf(organizations[0]?.id ?? 'ID')}</pre>
        </Card>
      </div>
    </div>
  );
}
