// Reads what a router has, from its backup or as text, shows what became of it, and makes a template of it.
import { Alert, Button, TextField } from '@mui/material';
import { FileUp } from 'lucide-react';
import { useState } from 'react';
import { useCanAccess, useCreatePath, useDataProvider } from 'react-admin';
import { Link } from 'react-router-dom';
import { Card } from '../../design/Card';
import { FileButton } from '../../design/FileButton';
import { Status } from '../../design/Status';
import { useText } from '../../design/useText';
import { defaultBackend } from '../backends';
import type { ControllerProvider } from '../operations';
import { groupsOf, isEmpty, type NativeRead, placeOf } from './native';

function Report({ read }: { read: NativeRead }) {
  const say = useText();
  const groups = groupsOf(read.notes);
  return (
    <section aria-label={say('What became of it')}>
      {groups.length === 0 && !isEmpty(read) && (
        <p>
          <Status status="ok" word="All of it is in fields of its own." />
        </p>
      )}
      {groups.map(({ kind, notes }) => (
        <details key={kind.kind} open={kind.status !== 'ok'} className="i-notes">
          <summary>
            <Status status={kind.status} word={kind.title} /> <span className="w-muted">{notes.length.toLocaleString()}</span> <span className="w-small w-secondary">{kind.meaning}</span>
          </summary>
          <ul>
            {notes.map((note, index) => (
              <li key={index}>
                <span className="w-mono">{placeOf(note)}</span> <span className="w-secondary">{note.reason}</span>
              </li>
            ))}
          </ul>
        </details>
      ))}
      {read.more > 0 && <p className="w-secondary">{say('And %{more} more remarks.', { more: read.more.toLocaleString() })}</p>}
    </section>
  );
}

/** The card. */
export function NativeCard() {
  const say = useText();
  const provider = useDataProvider<ControllerProvider>();
  const createPath = useCreatePath();
  const templates = useCanAccess({ resource: 'templates', action: 'create' });
  const [text, setText] = useState('');
  const [name, setName] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const [read, setRead] = useState<NativeRead>();
  const ask = async (native: { file: File } | { native: string }) => {
    setBusy(true);
    setProblem(undefined);
    setRead(undefined);
    setName('file' in native ? native.file.name : '');
    try {
      setRead(await provider.readNative(defaultBackend, native));
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Card title="A router as it is" note="read, not stored">
      <p className="w-secondary">{say('Its backup (sysupgrade -b, or the archive of LuCI), or what')}{' '}<code className="w-mono">{say('uci export')}</code>{' '}{say('prints. You see what there is no field for, then make a template of it.')}</p>
      <TextField label={say('Configuration as text')} value={text} onChange={({ target }) => setText(target.value)} multiline minRows={3} maxRows={12} fullWidth slotProps={{ htmlInput: { spellCheck: false, className: 'w-mono' } }} />
      <div className="w-row" style={{ marginTop: 12 }}>
        <Button variant="contained" disabled={busy || text.trim() === ''} onClick={() => void ask({ native: text })}>
          {say('Read the text')}
        </Button>
        <FileButton label="The backup of a router" variant="outlined" disabled={busy} startIcon={<FileUp size={16} />} onFiles={([file]) => file && void ask({ file })}>
          {say('Choose a backup')}
        </FileButton>
      </div>
      <div aria-live="polite">
        {problem && (
          <Alert severity="error" sx={{ mt: 2 }}>
            {problem}
          </Alert>
        )}
        {read && (
          <>
            {name && <p className="w-secondary">{name}</p>}
            {isEmpty(read) && (
              <Alert severity="warning" sx={{ mt: 2 }}>
                {say('Nothing was found that a configuration can hold.')}
              </Alert>
            )}
            <Report read={read} />
            {!isEmpty(read) && (
              <>
                <TextField label={say('The configuration that was read')} value={JSON.stringify(read.config, null, 2)} multiline maxRows={16} fullWidth sx={{ my: 2 }} slotProps={{ htmlInput: { readOnly: true, spellCheck: false, className: 'w-mono' } }} />
                {templates.canAccess && (
                  <Button
                    variant="contained"
                    component={Link}
                    to={createPath({ resource: 'templates', type: 'create' })}
                    state={{ record: { name: name.replace(/\.(tar\.gz|tgz|tar|txt|uci)$/, ''), type: 'generic', backend: defaultBackend, config: read.config } }}
                  >
                    {say('Make a template of it')}
                  </Button>
                )}
              </>
            )}
          </>
        )}
      </div>
    </Card>
  );
}
