// A client in a list: who, how it is, where, how much.
import { Link } from 'react-router-dom';
import { Moment } from '../design/Moment';
import { Status } from '../design/Status';
import { useText } from '../design/useText';
import { bytesText, clientLook } from './looks';
import type { VPNClient } from './types';

/** The row. */
export function ClientRow({ client, to, name }: { client: VPNClient; to: string; name: string }) {
  const say = useText();
  const { connection } = client;
  return (
    <li>
      <Link className="w-grow w-clip w-medium" to={to}>
        {name}
      </Link>
      <span className="w-mono w-small">{client.ip_address}</span>
      {client.vni !== null && <span className="w-small w-muted">{say('VNI %{vni}', { vni: client.vni })}</span>}
      {connection && (
        <span className="w-small w-muted" title={say('From %{endpoint}', { endpoint: connection.endpoint })}>
          {say('%{received} in, %{sent} out,', { received: bytesText(connection.received), sent: bytesText(connection.sent) })}{' '}<Moment at={connection.seen} />
        </span>
      )}
      <Status {...clientLook(client)} />
    </li>
  );
}
