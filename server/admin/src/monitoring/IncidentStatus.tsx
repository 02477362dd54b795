// How an incident stands, in a word: lists and the overview show it.
import { Status } from '../design/Status';
import { useText } from '../design/useText';
import type { Incident } from './healthTypes';

/** How an incident is. */
export function IncidentStatus({ incident }: { incident: Incident }) {
  const say = useText();
  if (!incident.open) return <Status status="ok" word="resolved" />;
  return incident.acknowledged_at ? <Status status="waiting" word={say('taken by %{acknowledged_by}', { acknowledged_by: incident.acknowledged_by })} /> : <Status status="critical" word="open" />;
}
