// What a change of a template or of variables kept from being renewed.
import { Link } from 'react-router-dom';
import { Banner } from '../design/Banner';
import { devicesOf } from './devices/deletable';
import { deviceListPath } from './paths';
import type { Broken } from './types';

/** The banner; nothing when the change broke nothing. */
export function Aftermath({ broken }: { broken: Broken | null | undefined }) {
  if (!broken || broken.count === 0) return null;
  const more = broken.checked < broken.total ? ` of the ${broken.checked.toLocaleString()} that were looked at, of ${broken.total.toLocaleString()}` : '';
  return (
    <Banner status="problem" title={`The configuration of ${devicesOf(broken.count)}${more} could not be renewed`} urgent>
      {broken.count === 1 ? 'It keeps its last good one.' : 'They keep their last good ones.'}
      <ul className="w-names">
        {broken.devices.slice(0, 5).map(({ id, name, reason }) => (
          <li key={id}>
            <Link className="w-link" to={`/devices/${id}`}>
              {name}
            </Link>
            : {reason}
          </li>
        ))}
      </ul>
      <Link className="w-link" to={deviceListPath({ config__not_renewed: true })}>
        All that could not be renewed
      </Link>
    </Banner>
  );
}
