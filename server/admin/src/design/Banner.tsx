import type { ReactNode } from 'react';
import { StatusShape } from './Status';
import type { StatusName } from './tokens';
import { useText } from './useText';

interface BannerProps {
  status: StatusName;
  title: ReactNode;
  children?: ReactNode;
  actions?: ReactNode;
  /** Said at once by a screen reader. */
  urgent?: boolean;
}

/** What has to be known before all else on a page: what, since when, why, and what to do. */
export function Banner({ status, title, children, actions, urgent = false }: BannerProps) {
  const text = useText();
  return (
    <div className={`w-banner w-banner-${status}`} role={urgent ? 'alert' : 'status'}>
      <StatusShape status={status} />
      <div className="w-grow">
        <p className="w-banner-title">{text(title)}</p>
        {children && <div className="w-banner-text">{text(children)}</div>}
      </div>
      {actions && <div className="w-banner-actions">{actions}</div>}
    </div>
  );
}
