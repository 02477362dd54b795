import { Moment } from '../../design/Moment';
import type { Device } from '../types';
import { silent } from './seen';

/** When a device was heard of last; loud when that is too long ago. */
export function LastSeen({ device }: { device: Device }) {
  const late = silent(device, Date.now());
  return (
    <span className={late ? 'w-late' : undefined} title={late ? 'It was not heard of for three of its polls' : undefined}>
      <Moment at={device.last_seen} />
      {late && <span className="w-hidden"> silent</span>}
    </span>
  );
}
