// Every part of the design on one page, with made-up contents: to look at while building, and for the pictures that
// tests compare. Nothing here speaks to the server.
import { Button, Checkbox, Radio, Switch, TextField, ToggleButton, ToggleButtonGroup } from '@mui/material';
import { Plus } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { Ask, Names } from '../design/Ask';
import { Banner } from '../design/Banner';
import { SaveBar } from '../design/Bars';
import { Card } from '../design/Card';
import { FleetBar, FleetNumbers } from '../design/FleetBar';
import { LayerRow } from '../design/LayerEdge';
import { PageHead } from '../design/PageHead';
import { Empty, Failed, Refused } from '../design/states';
import { Status, StatusPill } from '../design/Status';
import { Thread } from '../design/Thread';
import type { StatusName } from '../design/tokens';

const statuses: [StatusName, string, string][] = [
  ['ok', 'ok', 'applied, online'],
  ['waiting', 'waiting', 'modified, deactivating: the ring turns'],
  ['problem', 'problem', 'slow, high load, nearly full'],
  ['critical', 'critical', 'error, silent, down'],
  ['off', 'off', 'deactivated, paused'],
  ['unknown', 'unknown', 'never seen, no configuration'],
];

const fleet = statuses.map(([status, word], index) => ({ status, word, count: [8200, 96, 41, 31, 14, 6][index] ?? 0, to: '/devices' }));

function Part({ name, children }: { name: string; children: ReactNode }) {
  return (
    <Card title={name}>
      <div data-part={name}>{children}</div>
    </Card>
  );
}

function Dialogs() {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button variant="outlined" color="error" onClick={() => setOpen(true)}>
        Delete…
      </Button>
      {open && (
        <Ask title="Delete 12 devices?" verb="Delete 12 devices" keep="Keep them" dangerous count={12} onDo={() => setOpen(false)} onClose={() => setOpen(false)}>
          9 are deactivated, 3 are still active.
          <Names names={['spare-warehouse-01', 'spare-warehouse-02', 'stellini-lab-ap03']} total={12} />
        </Ask>
      )}
    </>
  );
}

function Choices() {
  return (
    <>
      <div className="w-row">
        <Button variant="contained">Apply to 42 devices</Button>
        <Button color="inherit">Discard</Button>
        <Button variant="outlined" startIcon={<Plus size={16} />}>
          Add
        </Button>
        <Button variant="contained" disabled>
          Not now
        </Button>
        <Dialogs />
      </div>
      <div className="w-row">
        <Checkbox defaultChecked slotProps={{ input: { 'aria-label': 'Ticked' } }} />
        <Checkbox slotProps={{ input: { 'aria-label': 'Not ticked' } }} />
        <Radio checked slotProps={{ input: { 'aria-label': 'Chosen' } }} />
        <Radio slotProps={{ input: { 'aria-label': 'Not chosen' } }} />
        <Switch defaultChecked slotProps={{ input: { 'aria-label': 'On' } }} />
        <Switch slotProps={{ input: { 'aria-label': 'Off' } }} />
        <ToggleButtonGroup exclusive value="form" aria-label="How to edit">
          <ToggleButton value="form">Form</ToggleButton>
          <ToggleButton value="json">JSON</ToggleButton>
        </ToggleButtonGroup>
        <span className="w-tag">a tag</span>
      </div>
      <TextField label="Network name" defaultValue="Scuola" helperText="What people see on their phones" fullWidth />
      <TextField label="Password" defaultValue="short" error helperText="At least 8 characters, now 5" fullWidth />
    </>
  );
}

/** The page. */
export default function Parts() {
  return (
    <div className="w-page">
      <PageHead title="Parts">
        <Button variant="outlined">An action</Button>
      </PageHead>
      <div className="w-parts">
        <Part name="Status">
          <dl className="w-pairs">
            {statuses.map(([status, word, words]) => (
              <div key={status} style={{ display: 'contents' }}>
                <dt>
                  <Status status={status} word={word} />
                </dt>
                <dd className="w-secondary">{words}</dd>
              </div>
            ))}
          </dl>
          <div className="w-row" style={{ marginTop: 12 }}>
            {statuses.map(([status, word]) => (
              <StatusPill key={status} status={status} word={word} />
            ))}
          </div>
        </Part>
        <Part name="Fleet">
          <FleetBar parts={fleet} label="8,388 devices by status" />
          <FleetNumbers parts={fleet} />
        </Part>
        <Part name="Thread">
          <Thread
            nodes={[
              { name: 'Desired', agreement: 'same', what: 'version 48', detail: '1 line changed', at: '09:38' },
              { name: 'Served', agreement: 'same', what: 'version 48', detail: 'downloaded and verified', at: '09:40' },
              { name: 'Reported', agreement: 'other', what: 'version 47', detail: 'test of 48 failed, went back', at: '09:42' },
            ]}
          />
          <Thread nodes={[{ name: 'Desired', agreement: 'same' }, { name: 'Served', agreement: 'awaited', detail: 'waiting for its next check' }, { name: 'Reported', agreement: 'never' }]} />
        </Part>
        <Part name="Layers">
          <ul className="w-layers">
            <LayerRow layer="builtin">Built in</LayerRow>
            <LayerRow layer="organization" note="3 variables">
              Friuli Schools
            </LayerRow>
            <LayerRow layer="group" note="radio channels">
              Classrooms
            </LayerRow>
            <LayerRow layer="template" note="2 networks">
              School Wi-Fi
            </LayerRow>
            <LayerRow layer="device" note="2 values">
              This device
            </LayerRow>
          </ul>
        </Part>
        <Part name="Banners">
          <div className="w-stack">
            <Banner status="critical" title="5 GHz radio is down: channel 144 is not allowed in Italy" actions={<Button variant="outlined">Show it</Button>}>
              Since 09:42. It tried version 48 and went back to 47 by itself.
            </Banner>
            <Banner status="problem" title="Flash is nearly full" />
            <Banner status="off" title="This device is deactivated">
              It can be activated or deleted, but not changed.
            </Banner>
          </div>
        </Part>
        <Part name="Buttons and choices">
          <Choices />
        </Part>
        <Part name="Empty">
          <Empty title="No device matches" action={<Button variant="outlined">Clear filters</Button>} />
        </Part>
        <Part name="Refused">
          <Refused title="You manage no organization yet">You are a member of Friuli Schools.</Refused>
        </Part>
        <Part name="Failed">
          <Failed reason="The server cannot be reached." onRetry={() => undefined} />
        </Part>
        <Part name="Save bar">
          <SaveBar state="2 changes">
            <Button color="inherit">Discard</Button>
            <Button variant="contained">Save and change 120 devices</Button>
          </SaveBar>
        </Part>
      </div>
    </div>
  );
}
