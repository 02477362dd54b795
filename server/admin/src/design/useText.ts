import { useCallback } from 'react';
import { useTranslate } from 'react-admin';

/** Says English texts in the language of the person; what is no text, and what no language knows, stays as it is. */
export function useText() {
  const translate = useTranslate();
  return useCallback(<T>(text: T, values?: Record<string, unknown>): T => (typeof text === 'string' ? (translate(text, { _: text, ...values }) as T) : text), [translate]);
}
