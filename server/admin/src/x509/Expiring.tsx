// The card of the overview: what expires soon.
import { useQuery } from '@tanstack/react-query';
import { useDataProvider, useGetList } from 'react-admin';
import { Link } from 'react-router-dom';
import { Card } from '../design/Card';
import { Moment } from '../design/Moment';
import { Failed, Loading } from '../design/states';
import { useText } from '../design/useText';
import { expiringPath } from './columns';
import type { X509Provider } from './operations';
import type { CA, Cert } from './types';
import { ValidityStatus } from './ValidityStatus';
import { soonDays } from './validity';

const soonest = { pagination: { page: 1, perPage: 5 }, sort: { field: 'validity_end', order: 'ASC' as const } };

/** What expires soon of a kind; the bounds are those of the day, so that the question stays the same. */
function useSoon<T extends CA | Cert>(resource: string) {
  const today = new Date(new Date().toISOString().slice(0, 10)).getTime();
  return useGetList<T>(resource, { ...soonest, filter: { revoked: false, validity_end__gte: new Date(today).toISOString(), validity_end__lt: new Date(today + soonDays * 86_400_000).toISOString() } });
}

/** The card. */
export default function Expiring() {
  const say = useText();
  const provider = useDataProvider<X509Provider>();
  const { data, error, refetch } = useQuery({ queryKey: ['x509', 'summary'], queryFn: () => provider.summary(), refetchInterval: 300_000 });
  const cas = useSoon<CA>('cas');
  const certs = useSoon<Cert>('certs');
  const rows = [...(cas.data ?? []).map((row) => ({ row, to: `/cas/${row.id}`, kind: 'CA' })), ...(certs.data ?? []).map((row) => ({ row, to: `/certs/${row.id}`, kind: '' }))]
    .sort((a, b) => a.row.validity_end.localeCompare(b.row.validity_end))
    .slice(0, 5);
  return (
    <Card title="Certificates" note={data && say('%{certificates} in force', { certificates: data.certificates.toLocaleString() })} more={data && data.certificates_expiring > 0 && <Link to={expiringPath('certs', data.days)}>{say('%{certificates_expiring} expire soon', { certificates_expiring: data.certificates_expiring.toLocaleString() })}</Link>} flush={rows.length > 0}>
      {error && !data && <Failed reason={error.message} onRetry={() => void refetch()} />}
      {!data && !error && <Loading rows={2} />}
      {data && rows.length === 0 && <p className="w-secondary">{say('Nothing expires within %{days} days.', { days: data.days })}</p>}
      {rows.length > 0 && (
        <ul className="w-rows">
          {rows.map(({ row, to, kind }) => (
            <li key={to}>
              <Link className="w-grow w-clip w-medium" to={to}>
                {kind ? `${kind} ` : ''}{row.name}
              </Link>
              <ValidityStatus of={row} />
              <span className="w-small w-muted w-rows-time">
                <Moment at={row.validity_end} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
