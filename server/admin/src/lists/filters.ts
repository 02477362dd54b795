// What a list can be filtered by.

/** A choice of a filter. */
export interface Choice {
  id: string;
  name: string;
}

/** A filter: its values are in the address under the name of the source, as the API takes them. */
export interface Filter {
  source: string;
  label: string;
  kind: 'choice' | 'yesno' | 'time' | 'text';
  /** The choices; a function is called as a hook when the filter is opened or shown. */
  choices?: Choice[] | ((text: string) => Choice[]);
  /** The name of a value that is not among the choices at hand. */
  useName?(value: unknown): string | undefined;
  /** How a text has to be written, below its field. */
  help?: string;
  /** What is wrong with a text that was typed, which is not used then. */
  problem?(text: string): string | undefined;
  /** Its chip stands there also without a value. */
  shown?: boolean;
}

/** The filters that have a value. */
export function filled(values: Record<string, unknown>): [string, unknown][] {
  return Object.entries(values).filter(([, value]) => value !== undefined && value !== null && value !== '');
}

/** Whether two sets of filters are the same. */
export function sameFilters(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  const text = (values: Record<string, unknown>) => JSON.stringify(filled(values).sort(([x], [y]) => x.localeCompare(y)));
  return text(a) === text(b);
}
