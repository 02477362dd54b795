// How grave what one is told is, in the shapes and words of the design.
import type { StatusName } from '../design/tokens';
import type { Level } from './types';

/** The shape and the word of each level. */
export const levels: Record<Level, { status: StatusName; word: string }> = {
  success: { status: 'ok', word: 'success' },
  info: { status: 'off', word: 'information' },
  warning: { status: 'problem', word: 'warning' },
  error: { status: 'critical', word: 'error' },
};

/** The look of a level; other words than the four pass the API too. */
export function lookOf(level: string) {
  return levels[level as Level] ?? { status: 'off' as const, word: level };
}
