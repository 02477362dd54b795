import { type RaRecord, useCreatePath, useResourceContext } from 'react-admin';
import { Link } from 'react-router-dom';
import { useFrame } from '../app/ConcernsContext';

/** The name of a row as a link to its page: rows open by the mouse alone, a link also by the keyboard and in another tab. */
export function RecordLink({ record, title }: { record: RaRecord; title?: string }) {
  const resource = useResourceContext();
  const { concerns } = useFrame();
  const own = concerns.flatMap(({ resources }) => resources).find(({ name }) => name === resource)?.title;
  const createPath = useCreatePath();
  const name = String(record[title ?? own ?? 'name'] ?? '');
  return (
    <Link className="w-name" to={createPath({ resource, id: record.id, type: 'edit' })} title={name}>
      {name}
    </Link>
  );
}
