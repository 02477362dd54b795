// What one does not want to hear of, with the way back.
import { Button } from '@mui/material';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useDataProvider, useGetManyAggregate, useNotify, type RaRecord } from 'react-admin';
import { Link } from 'react-router-dom';
import { Card } from '../../design/Card';
import { Moment } from '../../design/Moment';
import { Failed, Loading } from '../../design/states';
import { useText } from '../../design/useText';
import type { NotificationProvider } from '../operations';
import type { Silence } from '../types';

/** The kinds by the numbers that the API names them with; they are OpenWISP's. */
const kinds: Record<number, { app: string; model: string; resource: string }> = {
  6: { app: 'openwisp_users', model: 'user', resource: 'users' },
  7: { app: 'openwisp_users', model: 'organization', resource: 'organizations' },
  23: { app: 'config', model: 'device', resource: 'devices' },
  24: { app: 'config', model: 'template', resource: 'templates' },
};

/** The card. */
export function Silences() {
  const say = useText();
  const provider = useDataProvider<NotificationProvider>();
  const { data, error, isPending, refetch } = useQuery({ queryKey: ['notifications', 'silences'], queryFn: () => provider.silences() });
  return (
    <Card title="Silenced" note="you are told nothing of these" flush={Boolean(data?.length)}>
      {isPending && <Loading rows={2} />}
      {error && <Failed reason={error.message} onRetry={() => void refetch()} />}
      {data?.length === 0 && <p className="w-secondary">{say('Nothing. A device is silenced on its page.')}</p>}
      {data && data.length > 0 && (
        <ul className="w-rows">
          {data.map((silence) => (
            <Row key={silence.id} silence={silence} />
          ))}
        </ul>
      )}
    </Card>
  );
}

function Row({ silence }: { silence: Silence }) {
  const say = useText();
  const kind = kinds[silence.object_content_type];
  const provider = useDataProvider<NotificationProvider>();
  const queries = useQueryClient();
  const notify = useNotify();
  const { data } = useGetManyAggregate<RaRecord>(kind?.resource ?? '', { ids: [silence.object_id] }, { enabled: kind !== undefined });
  const name = String(data?.[0]?.name ?? data?.[0]?.username ?? silence.object_id);
  const end = async () => {
    if (!kind) return;
    try {
      await provider.endSilence({ ...kind, id: silence.object_id });
      notify(say('You are told of %{name} again', { name }), { type: 'success' });
    } catch (error) {
      notify(error instanceof Error ? error.message : String(error), { type: 'error' });
    }
    await queries.invalidateQueries({ queryKey: ['notifications', 'silences'] });
  };
  return (
    <li>
      {kind ? (
        <Link className="w-grow w-clip w-medium" to={`/${kind.resource}/${silence.object_id}`}>
          {name}
        </Link>
      ) : (
        <span className="w-grow w-clip">{name}</span>
      )}
      <span className="w-small w-muted">{silence.valid_till ? <>{say('ends')}{' '}<Moment at={silence.valid_till} /></> : say('until you end it')}</span>
      {kind && (
        <Button size="small" onClick={() => void end()} aria-label={say('Be told of %{name} again', { name })}>
          {say('End')}
        </Button>
      )}
    </li>
  );
}
