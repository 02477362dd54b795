// The tab of a device with a terminal on it.
import { Button, TextField } from '@mui/material';
import type { Terminal } from '@xterm/xterm';
import { SquareTerminal } from 'lucide-react';
import { useState } from 'react';
import { useCanAccess, useDataProvider, useRecordContext } from 'react-admin';
import { Link } from 'react-router-dom';
import { Card } from '../design/Card';
import { useText } from '../design/useText';
import type { ConnectionProvider } from './operations';
import { Screen } from './Screen';
import { endOf, pieces } from './terminals';
import { useReach } from './useReach';

interface Device {
  id: string;
  name: string;
  is_deactivated?: boolean;
}

/** Whether an answer wants a one-time code, or another one. */
function wantsCode(error: unknown): boolean {
  const errors = (error as { body?: { errors?: Record<string, unknown> } }).body?.errors;
  return errors?.code !== undefined;
}

const textOf = (error: unknown) => {
  const code = (error as { body?: { errors?: { code?: unknown } } }).body?.errors?.code;
  return typeof code === 'string' ? code : error instanceof Error ? error.message : String(error);
};

/** A terminal that is open, or being opened. */
function Open({ device, code, onEnd }: { device: Device; code: string; onEnd(reason: string, again: boolean): void }) {
  const say = useText();
  const provider = useDataProvider<ConnectionProvider>();
  const start = (terminal: Terminal) => {
    let socket: WebSocket | undefined;
    let over = false;
    const end = (reason: string, again = false) => {
      if (over) return;
      over = true;
      onEnd(reason, again);
    };
    const send = (text: string) => {
      if (socket?.readyState === WebSocket.OPEN) for (const part of pieces(text)) socket.send(part);
    };
    terminal.onData(send);
    terminal.onResize(({ cols, rows }) => {
      if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type: 'resize', cols, rows }));
    });
    provider.openTerminal(device.id, { cols: terminal.cols, rows: terminal.rows, ...(code && { code }) }).then(
      ({ id }) => {
        if (over) return;
        const url = new URL(`/ws/controller/terminal/${id}/`, window.location.href);
        url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
        socket = new WebSocket(url);
        socket.binaryType = 'arraybuffer';
        socket.onmessage = ({ data }) => {
          if (data instanceof ArrayBuffer) terminal.write(new Uint8Array(data));
          else if (endOf(String(data)) !== undefined) end(endOf(String(data)) ?? '');
        };
        socket.onclose = () => end('The connection to the server was lost.');
      },
      (error) => end(textOf(error), wantsCode(error)),
    );
    return () => {
      over = true;
      socket?.close();
    };
  };
  return <Screen label={say('Terminal on %{name}', { name: device.name })} typed onReady={start} />;
}

function Tab({ device }: { device: Device }) {
  const say = useText();
  const add = useCanAccess({ resource: 'terminals', action: 'create' });
  const { data: reach } = useReach();
  const [open, setOpen] = useState(0);
  const [ended, setEnded] = useState<string>();
  const [asked, setAsked] = useState(false);
  const [code, setCode] = useState('');
  if (!add.canAccess) return <p className="w-secondary">{say('You may look at recordings, but open no terminals.')}</p>;
  if (device.is_deactivated) return <p className="w-secondary">{say('The device is deactivated.')}</p>;
  if (reach && !reach.connections.some(({ enabled }) => enabled)) return <p className="w-secondary">{say('The device has no connection that could carry it: add one under Connections.')}</p>;
  const begin = () => {
    setEnded(undefined);
    setOpen(open + 1);
  };
  const running = open > 0 && ended === undefined;
  return (
    <Card
      title="Terminal"
      note="What is shown is recorded."
      more={
        <Button component={Link} to={`/terminals?filter=${encodeURIComponent(JSON.stringify({ device: device.id }))}`} size="small">
          {say('Recordings')}
        </Button>
      }
    >
      {ended !== undefined && (
        <p role="status" className="w-secondary">
          {ended}
        </p>
      )}
      {open > 0 && (
        <Open
          key={open}
          device={device}
          code={code}
          onEnd={(reason, again) => {
            setEnded(reason);
            setAsked(asked || again);
            setCode('');
          }}
        />
      )}
      {!running && (
        <div className="c-actions">
          {asked && <TextField label={say('One-time code')} autoComplete="one-time-code" value={code} onChange={({ target }) => setCode(target.value.trim())} />}
          <Button variant="contained" startIcon={<SquareTerminal size={16} />} disabled={asked && code === ''} onClick={begin}>
            {open > 0 ? say('Open another one') : say('Open a terminal')}
          </Button>
        </div>
      )}
    </Card>
  );
}

/** The tab. */
export default function TerminalTab() {
  const device = useRecordContext<Device>();
  return device ? <Tab device={device} /> : null;
}
