// What a change of a template or of variables kept from being renewed.
import { Link } from 'react-router-dom';
import { Banner } from '../design/Banner';
import { useText } from '../design/useText';
import { devicesOf } from './devices/deletable';
import { deviceListPath } from './paths';
import type { Broken } from './types';

/** The banner; nothing when the change broke nothing. */
export function Aftermath({ broken }: { broken: Broken | null | undefined }) {
  const say = useText();
  if (!broken || broken.count === 0) return null;
  const more = broken.checked < broken.total ? say(' of the %{checked} that were looked at, of %{total}', { checked: broken.checked.toLocaleString(), total: broken.total.toLocaleString() }) : '';
  return (
    <Banner status="problem" title={say('The configuration of %{count}%{more} could not be renewed', { count: devicesOf(broken.count), more })} urgent>
      {broken.count === 1 ? say('It keeps its last good one.') : say('They keep their last good ones.')}
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
        {say('All that could not be renewed')}
      </Link>
    </Banner>
  );
}
