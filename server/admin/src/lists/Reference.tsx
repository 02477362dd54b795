import { type RaRecord, useGetManyAggregate } from 'react-admin';

interface ReferenceProps {
  resource: string;
  id: RaRecord['id'] | null | undefined;
  title?: string;
  /** What stands there without one. */
  none?: string;
}

/** The name of an object that another one refers to. Names of one list are asked for together. */
export function Reference({ resource, id, title = 'name', none = '' }: ReferenceProps) {
  const wanted = id !== null && id !== undefined && id !== '';
  const { data } = useGetManyAggregate<RaRecord>(resource, { ids: wanted ? [id] : [] }, { enabled: wanted });
  if (!wanted) return <span className="w-muted">{none}</span>;
  return <>{String(data?.[0]?.[title] ?? '')}</>;
}
