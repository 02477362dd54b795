// Imports a subnet from a file: it is tried first, and every faulty row is told.
import { Alert, Button } from '@mui/material';
import { useState } from 'react';
import { useDataProvider, useNotify } from 'react-admin';
import { Link } from 'react-router-dom';
import { Card } from '../design/Card';
import { PageHead } from '../design/PageHead';
import { useText } from '../design/useText';
import type { ImportOutcome, IPAMProvider } from './operations';
import './ipam.css';

const sample = 'Office\n10.0.0.0/24\nmy-organization\n\nip_address,description\n10.0.0.1,Router\n10.0.0.2,\n';

/** How many faulty rows are shown at once; all of them are in the file that can be saved. */
const mostShown = 500;

function Outcome({ outcome, tried }: { outcome: ImportOutcome; tried: boolean }) {
  const say = useText();
  const { report, faults } = outcome;
  if (outcome.done && report) {
    return (
      <Alert severity={tried ? 'info' : 'success'}>
        {report.created ? say('A new subnet') : say('The subnet')} <b className="w-mono">{report.subnet}</b> {report.created && report.name}{say(': %{added} new', { added: report.added.toLocaleString() })}{' '}{report.added === 1 ? say('address') : say('addresses')}
        {report.existing > 0 && say(', %{existing} recorded already, which stay as they are', { existing: report.existing.toLocaleString() })}.
      </Alert>
    );
  }
  if (faults.length === 0) return <Alert severity="error">{outcome.message}</Alert>;
  const all = faults.map(({ row, field, message }) => `${row}\t${field}\t${message}`).join('\n');
  return (
    <>
      <Alert
        severity="error"
        sx={{ mb: 1 }}
        action={
          <Button color="inherit" size="small" href={`data:text/plain;charset=utf-8,${encodeURIComponent(all.slice(0, 1_000_000))}`} download="faulty-rows.txt">
            {say('Save the list')}
          </Button>
        }
      >
        {faults.length.toLocaleString()} {faults.length === 1 ? say('row is') : say('rows are')}{' '}{say('faulty. Nothing was imported.')}
      </Alert>
      <section className="ip-faults" aria-label={say('Faulty rows')}>
        <table>
          <thead>
            <tr>
              <th>{say('Row')}</th>
              <th>{say('What is wrong')}</th>
            </tr>
          </thead>
          <tbody>
            {faults.slice(0, mostShown).map(({ row, field, message }) => (
              <tr key={`${row}-${field}-${message}`}>
                <td className="w-numbers">{row}</td>
                <td>{message}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {faults.length > mostShown && <p className="w-small w-muted">{say('The first %{mostShown} are shown.', { mostShown: mostShown.toLocaleString() })}</p>}
    </>
  );
}

/** The page. */
export default function ImportPage() {
  const text = useText();
  const provider = useDataProvider<IPAMProvider>();
  const notify = useNotify();
  const [file, setFile] = useState<File>();
  const [busy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<{ outcome: ImportOutcome; tried: boolean }>();
  const run = async (chosen: File, dryRun: boolean) => {
    setBusy(true);
    try {
      const result = await provider.importFile(chosen, dryRun);
      // after the import the report of the trial stands, which is what happened
      setOutcome((before) => ({ outcome: result.done && !result.report ? { ...result, report: before?.outcome.report } : result, tried: dryRun }));
      if (!dryRun && result.done) notify('Imported', { type: 'success' });
    } catch (error) {
      notify(error instanceof Error ? error.message : String(error), { type: 'error', autoHideDuration: 8000 });
    } finally {
      setBusy(false);
    }
  };
  const imported = outcome?.outcome.done && !outcome.tried;
  return (
    <div className="w-page">
      <PageHead title="Import a subnet" />
      <div className="w-stack w-form">
        <Card title="File">
          <p className="w-secondary">{text('CSV or XLSX. It is tried at once: nothing is stored before you say so, and nothing at all while a row is faulty.')}</p>
          <div className="w-field">
            <label htmlFor="ip-file">{text('Choose a file')}</label>
            <input
              id="ip-file"
              className="ip-file"
              type="file"
              accept=".csv,.xlsx"
              disabled={busy}
              onChange={(event) => {
                const chosen = event.target.files?.[0];
                setFile(chosen);
                setOutcome(undefined);
                if (chosen) void run(chosen, true);
              }}
            />
          </div>
          {busy && <p role="status">{text('Working…')}</p>}
          {outcome && <Outcome {...outcome} />}
          <div className="w-row" style={{ marginTop: 12 }}>
            {imported ? (
              <Button variant="contained" component={Link} to="/subnets">
                {text('To the subnets')}
              </Button>
            ) : (
              <Button variant="contained" disabled={!file || busy || !outcome?.outcome.done} onClick={() => file && void run(file, false)}>
                {text('Import')}
              </Button>
            )}
          </div>
        </Card>
        <Card title="What such a file looks like">
          <p className="w-secondary">{text('Name, network and the slug of the organization, an empty row, then the addresses. An empty organization makes a shared subnet.')}</p>
          <pre className="w-code w-mono">{sample}</pre>
        </Card>
      </div>
    </div>
  );
}
