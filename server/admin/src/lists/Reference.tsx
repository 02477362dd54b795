import { type RaRecord, useGetManyAggregate } from 'react-admin';
import { useText } from '../design/useText';

interface ReferenceProps {
  resource: string;
  id: RaRecord['id'] | null | undefined;
  title?: string;
  /** What stands there without one. */
  none?: string;
}

/** What stands there without an object. */
function Without({ text }: { text: string }) {
  return <span className="w-muted">{useText()(text)}</span>;
}

/** The name of an object that another one refers to. Names of one list are asked for together. */
export function Reference({ resource, id, title = 'name', none = '' }: ReferenceProps) {
  const wanted = id !== null && id !== undefined && id !== '';
  const { data } = useGetManyAggregate<RaRecord>(resource, { ids: wanted ? [id] : [] }, { enabled: wanted });
  if (!wanted) return <Without text={none} />;
  return <>{String(data?.[0]?.[title] ?? '')}</>;
}
