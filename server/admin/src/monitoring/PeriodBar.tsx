// The choice of a range.
import { Button, ToggleButton, ToggleButtonGroup } from '@mui/material';
import type { ReactNode } from 'react';
import { useText } from '../design/useText';
import type { Period } from './types';
import { ranges } from './values';

/** The bar. */
export function PeriodBar({ period, onChange, children }: { period: Period; onChange(period: Period): void; children?: ReactNode }) {
  const say = useText();
  return (
    <div className="w-row">
      <ToggleButtonGroup exclusive size="small" value={period.start ? null : period.time} onChange={(_, time: string | null) => time && onChange({ time })} aria-label={say('Range')}>
        {ranges.map(({ time, label }) => (
          <ToggleButton key={time} value={time}>
            {say(label)}
          </ToggleButton>
        ))}
      </ToggleButtonGroup>
      {period.start && (
        <>
          <span className="w-small">
            {period.start.slice(0, 16)} – {period.end?.slice(0, 16)}
          </span>
          <Button size="small" onClick={() => onChange({ time: '7d' })}>
            {say('Back')}
          </Button>
        </>
      )}
      {children}
    </div>
  );
}
