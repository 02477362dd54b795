// An English text in the language of the person, where no hook can be called: in cells of tables, in constants.
import { useText } from './useText';

/** Says a text. */
export function Say({ text, values }: { text: string; values?: Record<string, unknown> }) {
  return <>{useText()(text, values)}</>;
}
