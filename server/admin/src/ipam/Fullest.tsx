// The subnets with the fewest addresses left.
import { useQuery } from '@tanstack/react-query';
import { useDataProvider } from 'react-admin';
import { Link } from 'react-router-dom';
import { Card } from '../design/Card';
import { Failed, Loading } from '../design/states';
import { useText } from '../design/useText';
import type { IPAMProvider } from './operations';
import { UsageBar } from './UsageBar';

/** The card. */
export default function Fullest() {
  const say = useText();
  const provider = useDataProvider<IPAMProvider>();
  const { data, error, refetch } = useQuery({ queryKey: ['ipam', 'fullest'], queryFn: () => provider.usages({ ordering: '-fullness', page_size: 5 }), refetchInterval: 60_000 });
  const full = data?.results.filter(({ used }) => used > 0) ?? [];
  return (
    <Card title="Fullest subnets" more={<Link to="/subnets">{say('All')}</Link>} flush={full.length > 0}>
      {!data && !error && <Loading rows={3} />}
      {error && !data && <Failed reason={error.message} onRetry={() => void refetch()} />}
      {data && full.length === 0 && <p className="w-secondary">{say('No addresses are recorded yet.')}</p>}
      {full.length > 0 && (
        <ul className="w-rows">
          {full.map((usage) => (
            <li key={usage.id}>
              <Link className="w-grow w-clip w-mono" to={`/subnets/${usage.id}`} title={usage.name}>
                {usage.subnet}
              </Link>
              <span style={{ width: 130 }}>
                <UsageBar usage={usage} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
