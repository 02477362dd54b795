// The page of a check.
import { AttributeEdit } from './AttributeForm';

/** The page. */
export default function CheckEdit() {
  return <AttributeEdit kind="check" />;
}
