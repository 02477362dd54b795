import { type RaRecord, useCreatePath, useResourceContext } from 'react-admin';
import { Link } from 'react-router-dom';

/** The name of a row as a link to its page: rows open by the mouse alone, a link also by the keyboard and in another tab. */
export function RecordLink({ record, title = 'name' }: { record: RaRecord; title?: string }) {
  const resource = useResourceContext();
  const createPath = useCreatePath();
  const name = String(record[title] ?? '');
  return (
    <Link className="w-name" to={createPath({ resource, id: record.id, type: 'edit' })} title={name}>
      {name}
    </Link>
  );
}
