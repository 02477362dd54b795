// The latest changes, for the overview.
import { useCreatePath, useGetList } from 'react-admin';
import { Link } from 'react-router-dom';
import { useFrame } from '../app/ConcernsContext';
import { Card } from '../design/Card';
import { Moment } from '../design/Moment';
import { Loading } from '../design/states';
import { useText } from '../design/useText';
import { didWhat, initials, kindName, kindsOf } from './trail';
import type { AuditEvent } from './types';

/** The card. */
export default function Recent() {
  const say = useText();
  const kinds = kindsOf(useFrame().concerns);
  const createPath = useCreatePath();
  const { data, isPending } = useGetList<AuditEvent>('events', { pagination: { page: 1, perPage: 6 }, sort: { field: 'created', order: 'DESC' }, filter: {} }, { refetchInterval: 30_000 });
  return (
    <Card title="Recent changes" more={<Link to="/events">{say('Audit trail')}</Link>}>
      {isPending && <Loading rows={4} />}
      {data?.length === 0 && <p className="w-secondary">{say('Nothing was changed yet.')}</p>}
      <ol className="w-timeline">
        {data?.map((event) => {
          const resource = kinds[event.kind]?.resource;
          const what = event.label || kindName(kinds, event.kind).toLowerCase();
          return (
            <li key={event.id}>
              <span className="w-avatar" aria-hidden="true">
                {initials(event.actor)}
              </span>
              <div>
                <b>{event.actor || say('The server')}</b> {didWhat(event)}{' '}
                {resource && event.action !== 'delete' && event.label ? (
                  <Link to={createPath({ resource, id: event.object_id, type: 'edit' })}>{what}</Link>
                ) : (
                  what
                )}
                <small>
                  <Moment at={event.created} />
                </small>
              </div>
            </li>
          );
        })}
      </ol>
    </Card>
  );
}
