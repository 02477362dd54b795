import { useCallback } from 'react';
import { useTranslate } from 'react-admin';

/** Says an English text in the language of the person. */
export type Say = ReturnType<typeof useText>;

/** What is not known is left out of a sentence; the translation would leave the name of the value in it. */
const known = (values: Record<string, unknown>) => Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value ?? '']));

/** Says English texts in the language of the person; what is no text, and what no language knows, stays as it is. */
export function useText() {
  const translate = useTranslate();
  return useCallback(<T>(text: T, values: Record<string, unknown> = {}): T => (typeof text === 'string' ? (translate(text, { _: text, ...known(values) }) as T) : text), [translate]);
}
