// The shape of the audit trail's API. Keys are those of the wire.

/** One entry of the audit trail. */
export interface AuditEvent {
  id: string;
  created: string;
  actor: string;
  method: string;
  address: string;
  kind: string;
  object_id: string;
  label: string;
  organization: string | null;
  action: string;
  cause: string;
  fields: { field: string; old: unknown; new: unknown }[];
}
