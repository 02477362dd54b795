// The picture of a device as its configuration has it: sockets, radios, and the Wi-Fi networks on them.
import { Wifi } from 'lucide-react';
import { Link } from 'react-router-dom';
import type { JSONObject } from '../../api/types';
import { Card } from '../../design/Card';
import { useText } from '../../design/useText';
import { type Face, faceOf, type Port, type Radio } from './face';
import './face.css';

/** The card. Configurations are those of the templates, the first one lowest, and then the device's own. */
export function FaceCard({ config, edit }: { config: JSONObject; edit?: string }) {
  const say = useText();
  const face = faceOf(config);
  return (
    <Card title="Ports and radios" note="as configured" more={edit && <Link to={edit}>{say('Edit')}</Link>}>
      <FacePicture face={face} />
    </Card>
  );
}

/** The picture alone. */
export function FacePicture({ face }: { face: Face }) {
  const say = useText();
  const { ports, radios } = face;
  if (ports.length === 0 && radios.length === 0) return <p className="w-secondary">{say('The configuration names no port and no radio: the device keeps its own.')}</p>;
  return (
    <div className="d-face">
      {ports.length > 0 && (
        <ul className="d-ports" aria-label={say('Ports')}>
          {ports.map((port) => (
            <Socket key={port.name} port={port} />
          ))}
        </ul>
      )}
      {radios.length > 0 && (
        <ul className="d-radios" aria-label={say('Radios')}>
          {radios.map((radio) => (
            <RadioRow key={radio.name} radio={radio} />
          ))}
        </ul>
      )}
    </div>
  );
}

function Socket({ port }: { port: Port }) {
  const say = useText();
  const state = port.off ? 'off' : port.networks.length > 0 ? 'on' : 'unused';
  return (
    <li className={`d-port d-port-${state}${port.uplink ? ' d-port-uplink' : ''}`}>
      <svg viewBox="0 0 36 30" aria-hidden="true" focusable="false">
        <rect x=".75" y=".75" width="34.5" height="28.5" rx="4" className="d-shell" />
        <path className="d-jack" d="M8 8h20v15H22v-3h-8v3H8z" />
      </svg>
      <b>{port.name}</b>
      <small>{port.off ? say('off') : [port.networks.join(', '), port.note].filter(Boolean).join(' · ')}</small>
      {port.uplink && <span className="w-hidden">{say(', uplink')}</span>}
    </li>
  );
}

function RadioRow({ radio }: { radio: Radio }) {
  const say = useText();
  return (
    <li className={radio.off ? 'd-radio d-radio-off' : 'd-radio'}>
      <Wifi size={20} strokeWidth={1.5} aria-hidden="true" />
      <div>
        <b>{radio.band || radio.name}</b>
        <small className="w-muted">
          {[radio.band && radio.name, radio.note, radio.off && 'off'].filter(Boolean).join(', ')}
        </small>
        {radio.networks.length > 0 && (
          <ul className="d-ssids" aria-label={say('Networks on %{name}', { name: radio.name })}>
            {radio.networks.map((network, index) => (
              <li key={`${network.name} ${index}`} className="w-tag">
                {network.name} <span className="w-muted">{[network.security, network.network && say('in %{network}', { network: network.network }), network.hidden && 'hidden'].filter(Boolean).join(', ')}</span>
              </li>
            ))}
          </ul>
        )}
      </div>
    </li>
  );
}
