import { Link as MuiLink } from '@mui/material';
import { useCreatePath, useRecordContext, useResourceContext, type RaRecord } from 'react-admin';
import { Link } from 'react-router-dom';

/** The name of a row as a link to its page: rows open by the mouse alone, a link also by the keyboard and in another tab. */
export function RecordLink({ source = 'name' }: { source?: string }) {
  const record = useRecordContext<RaRecord>();
  const resource = useResourceContext();
  const createPath = useCreatePath();
  if (!record) return null;
  return (
    <MuiLink
      component={Link}
      to={createPath({ resource, id: record.id, type: 'edit' })}
      onClick={(event: React.MouseEvent) => event.stopPropagation()}
      color="inherit"
      underline="hover"
      sx={{ fontWeight: 600, overflowWrap: 'anywhere' }}
    >
      {String(record[source] ?? '')}
    </MuiLink>
  );
}
