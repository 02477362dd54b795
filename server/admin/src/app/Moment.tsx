import { Tooltip } from '@mui/material';

/** A time in few characters, the exact one as tooltip. */
export function Moment({ at }: { at: string | null | undefined }) {
  if (!at) return <>–</>;
  const date = new Date(at);
  const thisYear = date.getFullYear() === new Date().getFullYear();
  const short = date.toLocaleString(undefined, {
    day: 'numeric',
    month: 'short',
    ...(thisYear ? { hour: '2-digit', minute: '2-digit' } : { year: 'numeric' }),
  });
  return (
    <Tooltip title={date.toLocaleString()}>
      <time dateTime={at} style={{ whiteSpace: 'nowrap' }}>
        {short}
      </time>
    </Tooltip>
  );
}
