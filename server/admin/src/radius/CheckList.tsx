// The list of what users show to come in.
import { AttributeList } from './AttributeList';

/** The page. */
export default function CheckList() {
  return <AttributeList kind="check" />;
}
