// What the API says of subnets and addresses.
import type { RaRecord } from 'react-admin';

/** A subnet. */
export interface Subnet extends RaRecord<string> {
  name: string;
  subnet: string;
  description: string;
  /** null: shared by all organizations. */
  organization: string | null;
  master_subnet: string | null;
  created: string;
  modified: string;
}

/** How full a subnet is. */
export interface Usage {
  id: string;
  name: string;
  subnet: string;
  description: string;
  organization: string | null;
  master_subnet: string | null;
  used: number;
  /** In digits: a /64 has more than a number holds. */
  hosts: string;
  fullness: number;
  nested: number;
  allotted: number;
  ancestors: { id: string; name: string; subnet: string }[];
  /** Whom a rule made the subnet for. */
  device: { id: string; name: string } | null;
  /** Whether rules give parts of it to devices. */
  divided: boolean;
}

/** An address that is taken. */
export interface Address extends RaRecord<string> {
  ip_address: string;
  subnet: string;
  description: string;
  created: string;
  modified: string;
}

/** A piece of a subnet, of up to 4096 addresses. */
export interface Piece {
  start: string;
  count: number;
  first: string;
  last: string;
  taken: { at: number; id: string; description: string }[];
  nested: { id: string; name: string; subnet: string; at: number; count: number }[];
}

/** What an import did or would do. */
export interface ImportReport {
  subnet: string;
  name: string;
  organization: string | null;
  created: boolean;
  added: number;
  existing: number;
}

/** What is wrong with a row of a file. */
export interface RowFault {
  row: number;
  field: string;
  message: string;
}
