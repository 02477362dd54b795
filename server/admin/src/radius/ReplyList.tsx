// The list of what access servers are told of users.
import { AttributeList } from './AttributeList';

/** The page. */
export default function ReplyList() {
  return <AttributeList kind="reply" />;
}
