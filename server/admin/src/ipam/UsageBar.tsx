// How full a subnet is: what is recorded, or what nested subnets take where it is only divided.
import { useText } from '../design/useText';
import { shareText } from './addresses';
import type { Usage } from './types';
import './ipam.css';

/** From so full on a bar is red. */
const nearlyFull = 0.9;

/** The bar, with its share in words. */
export function UsageBar({ usage }: { usage: Pick<Usage, 'fullness' | 'allotted' | 'nested' | 'used'> }) {
  const say = useText();
  const divided = usage.nested > 0 && usage.used === 0;
  const share = divided ? usage.allotted : usage.fullness;
  const said = divided ? say('%{allotted} taken by nested subnets', { allotted: shareText(usage.allotted) }) : say('%{fullness} of the addresses used', { fullness: shareText(usage.fullness) });
  return (
    <span className="ip-use" title={usage.nested > 0 && !divided ? say('%{said}, %{allotted} taken by nested subnets', { said, allotted: shareText(usage.allotted) }) : said}>
      <span className="ip-bar" aria-hidden="true">
        {usage.nested > 0 && <i className="ip-bar-allotted" style={{ width: `${usage.allotted * 100}%` }} />}
        <i className={usage.fullness >= nearlyFull ? 'ip-bar-full' : 'ip-bar-used'} style={{ width: `${Math.max(usage.fullness * 100, usage.used > 0 ? 1 : 0)}%` }} />
      </span>
      <b className="w-small">{shareText(share)}</b>
      <span className="w-hidden">{said}</span>
    </span>
  );
}
