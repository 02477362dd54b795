import { Tooltip } from '@mui/material';

/** A time in few characters, the exact one as tooltip; to the second where that counts. */
export function Moment({ at, exact = false }: { at: string | null | undefined; exact?: boolean }) {
  if (!at) return <>–</>;
  const date = new Date(at);
  const thisYear = date.getFullYear() === new Date().getFullYear();
  const short = exact ? date.toLocaleString() : date.toLocaleString(undefined, {
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
