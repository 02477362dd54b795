import { Status } from '../../design/Status';
import { type ShownStatus, statusLook } from './status';

/** A configuration's status as shape and word. */
export function StatusChip({ status, title }: { status: ShownStatus; title?: string }) {
  const { status: name, word, meaning } = statusLook[status];
  return <Status status={name} word={word} title={title || meaning} />;
}
