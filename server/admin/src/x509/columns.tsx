// Columns and filters that the lists of CAs and certificates share.
import { Moment } from '../design/Moment';
import type { Column } from '../lists/columns';
import type { Filter } from '../lists/filters';
import { RecordLink } from '../lists/RecordLink';
import { Reference } from '../lists/Reference';
import { organizationFilter } from '../tenancy/filters';
import type { Certified } from './types';
import { ValidityStatus } from './ValidityStatus';
import { digestChoices, keyChoices, keyName } from './validity';

/** The columns, with those of one kind in between. */
export function certificateColumns<T extends Certified>(own: Column<T>[]): Column<T>[] {
  return [
    { id: 'name', label: 'Name', sort: 'name', fixed: true, width: '22%', phone: 'title', cell: (row) => <RecordLink record={row} /> },
    { id: 'status', label: 'Status', width: 130, phone: 'status', cell: (row) => <ValidityStatus of={row} /> },
    { id: 'common_name', label: 'Common name', phone: 'address', cell: ({ common_name }) => common_name },
    ...own,
    { id: 'organization', label: 'Organization', width: '15%', phone: 'note', cell: ({ organization }) => <Reference resource="organizations" id={organization} none="shared" /> },
    { id: 'key_length', label: 'Key', sort: 'key_length', width: 110, cell: ({ key_length }) => keyName(key_length) },
    { id: 'digest', label: 'Digest', sort: 'digest', width: 90, hidden: true, cell: ({ digest }) => digest },
    { id: 'serial_number', label: 'Serial number', hidden: true, cell: ({ serial_number }) => <span className="w-mono w-clip">{serial_number}</span> },
    { id: 'validity_end', label: 'Valid until', sort: 'validity_end', right: true, width: 136, phone: 'aside', cell: ({ validity_end }) => <Moment at={validity_end} /> },
    { id: 'created', label: 'Created', sort: 'created', right: true, width: 110, hidden: true, cell: ({ created }) => <Moment at={created} /> },
    { id: 'modified', label: 'Modified', sort: 'modified', right: true, width: 110, hidden: true, cell: ({ modified }) => <Moment at={modified} /> },
  ];
}

/** The filters. */
export const certificateFilters: Filter[] = [
  { ...organizationFilter, source: 'organization__exact', shown: true },
  { source: 'revoked', label: 'Revoked', kind: 'yesno', shown: true },
  { source: 'validity_end__lt', label: 'Valid until before', kind: 'time' },
  { source: 'validity_end__gte', label: 'Valid until from', kind: 'time' },
  { source: 'key_length__exact', label: 'Key', kind: 'choice', choices: keyChoices },
  { source: 'digest__exact', label: 'Digest', kind: 'choice', choices: digestChoices },
];

/** The address of a list of what expires soon. */
export function expiringPath(resource: 'cas' | 'certs', days: number, now = new Date()): string {
  const until = new Date(now.getTime() + days * 86_400_000).toISOString();
  const filter = { revoked: false, validity_end__gte: now.toISOString(), validity_end__lt: until };
  return `/${resource}?filter=${encodeURIComponent(JSON.stringify(filter))}&sort=validity_end&order=ASC`;
}
