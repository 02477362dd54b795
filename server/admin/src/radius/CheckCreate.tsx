// The page that adds a check.
import { AttributeCreate } from './AttributeForm';

/** The page. */
export default function CheckCreate() {
  return <AttributeCreate kind="check" />;
}
