// The page that adds a reply.
import { AttributeCreate } from './AttributeForm';

/** The page. */
export default function ReplyCreate() {
  return <AttributeCreate kind="reply" />;
}
