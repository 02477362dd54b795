// The values of the design as TypeScript sees them. tokens.json is the one place they are written in.
import tokens from './tokens.json';

/** The two themes. */
export type Scheme = 'light' | 'dark';

/** What a thing is like: its shape and colour; the word beside it says what it is. */
export type StatusName = 'ok' | 'waiting' | 'problem' | 'critical' | 'off' | 'unknown';

/** Where a line of a configuration comes from. */
export type LayerName = 'builtin' | 'organization' | 'group' | 'template' | 'device';

export { tokens };

/** Colours of a theme as CSS variables: text is --w-text, critical.tint is --w-critical-tint. */
export function variablesOf(colours: (typeof tokens)[Scheme]): Record<string, string> {
  const found: Record<string, string> = {
    '--w-sans': tokens.font.sans,
    '--w-mono': tokens.font.mono,
  };
  for (const [name, value] of Object.entries(colours)) {
    if (typeof value === 'string') found[`--w-${name}`] = value;
    else for (const [part, color] of Object.entries(value)) found[`--w-${name}-${part}`] = color;
  }
  return found;
}
