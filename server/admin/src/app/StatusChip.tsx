import { Chip, Tooltip } from '@mui/material';
import type { ConfigStatus, Device } from '../api/types';
import { statusColors, statusMeaning } from './theme';

/** The status shown for a device: one without configuration is unknown, or deactivated. */
export function statusOf(device: Pick<Device, 'config' | 'is_deactivated'>): ConfigStatus | 'unknown' {
  if (device.config?.status) return device.config.status;
  return device.is_deactivated ? 'deactivated' : 'unknown';
}

/** A configuration status in its colour, with its meaning as tooltip. */
export function StatusChip({ status, title }: { status: ConfigStatus | 'unknown'; title?: string }) {
  return (
    <Tooltip title={title || statusMeaning[status]}>
      <Chip
        size="small"
        label={status}
        sx={{
          backgroundColor: statusColors[status],
          color: status === 'modified' ? '#3b2600' : '#fff',
          border: '1px solid rgba(127,127,127,.35)',
        }}
      />
    </Tooltip>
  );
}
