// What a device is like at a glance: what it should have and has, what it is made of, what changed last.
import { useGetList, useGetManyAggregate, useRecordContext } from 'react-admin';
import { Link } from 'react-router-dom';
import { Card } from '../../design/Card';
import { LayerRow } from '../../design/LayerEdge';
import { Moment } from '../../design/Moment';
import { Thread } from '../../design/Thread';
import { useText } from '../../design/useText';
import { changedNames, initials, verbs } from '../../audit/trail';
import type { AuditEvent } from '../../audit/types';
import { Reference } from '../../lists/Reference';
import type { Device, Template } from '../types';
import { useChanges } from '../../live/useLive';
import { layered } from './face';
import { FaceCard } from './FaceCard';
import { LastSeen } from './LastSeen';
import { agreements } from './thread';
import { useLiveDevice } from './useLive';
import { whoisFacts } from './whois';

const short = (say: (text: string) => string, sum: string | null | undefined) => (sum ? <span className="w-mono">{sum.slice(0, 8)}</span> : say('nothing yet'));

function ConfigurationCard({ device }: { device: Device }) {
  const say = useText();
  const { desired, served, reported } = device.checksums ?? {};
  const { served: given, reported: told } = agreements(device);
  return (
    <Card title="Configuration" more={<Link to={`/devices/${device.id}/history`}>{say('Versions')}</Link>}>
      {!device.config ? (
        <p className="w-secondary">{say('This device has no configuration: it keeps what it has.')}</p>
      ) : (
        <Thread
          nodes={[
            { name: say('Desired'), agreement: 'same', what: short(say, desired), detail: say('what it should have now') },
            { name: say('Served'), agreement: given, what: short(say, served), detail: say(given === 'awaited' ? 'waiting for its next check' : 'what it downloaded last') },
            { name: say('Reported'), agreement: told, what: short(say, reported), detail: say(told === 'awaited' ? 'until it says that it has applied it' : 'what it last said it has') },
          ]}
        />
      )}
    </Card>
  );
}

function MadeOf({ device }: { device: Device }) {
  const say = useText();
  const ids = device.config?.templates ?? [];
  const { data: templates = [] } = useGetManyAggregate<Template>('templates', { ids });
  const own = Object.keys(device.config?.config ?? {}).length;
  const variables = Object.keys(device.config?.context ?? {}).length;
  if (!device.config) return null;
  return (
    <Card title="Made of" note="later wins" more={<Link to={`/devices/${device.id}/configuration`}>{say('Edit')}</Link>}>
      <ul className="w-layers">
        <LayerRow layer="organization" note={say('variables')}>
          <Reference resource="organizations" id={device.organization} />
        </LayerRow>
        {ids.map((id) => {
          const template = templates.find((known) => known?.id === id);
          return (
            <LayerRow key={id} layer="template" note={template?.required ? say('required') : undefined}>
              <Link to={`/templates/${id}`}>{template?.name ?? say('a template you may not see')}</Link>
            </LayerRow>
          );
        })}
        <LayerRow layer="device" note={[own > 0 && say('%{smart_count} section |||| %{smart_count} sections', { smart_count: own }), variables > 0 && say('%{smart_count} variable |||| %{smart_count} variables', { smart_count: variables })].filter(Boolean).join(', ') || say('nothing of its own')}>
          {say('This device')}
        </LayerRow>
      </ul>
    </Card>
  );
}

function Activity({ device }: { device: Device }) {
  const say = useText();
  const { data, error, refetch } = useGetList<AuditEvent>('events', { pagination: { page: 1, perPage: 5 }, sort: { field: 'created', order: 'DESC' }, filter: { object_id: device.id } }, { retry: false });
  useChanges('config.device', () => void refetch(), device.id);
  if (error) return null;
  return (
    <Card title="Activity" more={<Link to={`/events?${new URLSearchParams({ filter: JSON.stringify({ object_id: device.id }) })}`}>{say('All')}</Link>}>
      {data?.length === 0 && <p className="w-secondary">{say('Nobody has changed it.')}</p>}
      <ol className="w-timeline">
        {data?.map((event) => (
          <li key={event.id}>
            <span className="w-avatar" aria-hidden="true">
              {initials(event.actor)}
            </span>
            <div>
              <b>{event.actor || say('The server')}</b> {event.action === 'change' ? say('changed %{fields}', { fields: changedNames(event.fields) || 'it' }) : say(verbs[event.action] ?? event.action)}
              <small>
                <Moment at={event.created} />
              </small>
            </div>
          </li>
        ))}
      </ol>
    </Card>
  );
}

/** The picture of what the templates and the device's own configuration make of it. */
function Face({ device }: { device: Device }) {
  const ids = device.config?.templates ?? [];
  const { data: templates = [] } = useGetManyAggregate<Template>('templates', { ids });
  const layers = ids.map((id) => templates.find((known) => known?.id === id)?.config ?? {});
  return <FaceCard config={layered([...layers, device.config?.config ?? {}])} edit={`/devices/${device.id}/configuration`} />;
}

/** The contents of the tab. */
export function DeviceOverview() {
  const say = useText();
  const record = useRecordContext<Device>();
  const device = useLiveDevice() ?? record;
  if (!device) return null;
  const facts = [
    ['Model', device.model],
    ['Operating system', device.os],
    ['SoC / CPU', device.system],
    ['Management address', device.management_ip],
    ['Address of the last request', device.last_ip],
    ...whoisFacts(device.whois_info),
    ['MAC address', device.mac_address],
  ] as const;
  return (
    <div className="w-columns">
      <div className="w-stack">
        {device.config && <Face device={device} />}
        <Card title="Hardware and addresses" note="as the device reports them">
          <dl className="w-pairs">
            {facts.map(([name, value]) => (
              <div key={name} style={{ display: 'contents' }}>
                <dt>{say(name)}</dt>
                <dd>{value || <span className="w-muted">{say('not known')}</span>}</dd>
              </div>
            ))}
            <dt>{say('Last seen')}</dt>
            <dd>
              <LastSeen device={device} />
            </dd>
            <dt>{say('Added')}</dt>
            <dd>
              <Moment at={device.created} />
            </dd>
          </dl>
        </Card>
        {device.notes && (
          <Card title="Notes">
            <p style={{ whiteSpace: 'pre-wrap' }}>{device.notes}</p>
          </Card>
        )}
      </div>
      <div className="w-stack">
        <ConfigurationCard device={device} />
        <MadeOf device={device} />
        <Activity device={device} />
      </div>
    </div>
  );
}
