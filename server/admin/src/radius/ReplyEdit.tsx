// The page of a reply.
import { AttributeEdit } from './AttributeForm';

/** The page. */
export default function ReplyEdit() {
  return <AttributeEdit kind="reply" />;
}
