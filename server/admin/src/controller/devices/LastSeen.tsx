import { Moment } from '../../design/Moment';
import { useText } from '../../design/useText';
import type { Device } from '../types';
import { silent } from './seen';

/** When a device was heard of last; loud when that is too long ago. */
export function LastSeen({ device }: { device: Device }) {
  const say = useText();
  const late = silent(device, Date.now());
  return (
    <span className={late ? 'w-late' : undefined} title={late ? say('It was not heard of for three of its polls') : undefined}>
      <Moment at={device.last_seen} />
      {late && <span className="w-hidden"> {say('silent')}</span>}
    </span>
  );
}
