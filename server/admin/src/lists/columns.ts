// The columns of lists, and which of them a person has chosen.
import type { ReactNode } from 'react';
import { useStore, type RaRecord } from 'react-admin';

/** Where a column's value stands in the card that a row becomes on a phone. */
export type PhonePlace = 'title' | 'aside' | 'status' | 'address' | 'note';

/** A column of a list. */
export interface Column<T extends RaRecord> {
  id: string;
  label: string;
  /** The name is for screen readers alone: what stands below says itself what it is. */
  hiddenLabel?: boolean;
  cell(record: T): ReactNode;
  /** What the API orders by. */
  sort?: string;
  right?: boolean;
  /** A width in pixels, or a share of what is left. */
  width?: number | string;
  /** Shown only when chosen. */
  hidden?: boolean;
  /** Cannot be taken away: the name. */
  fixed?: boolean;
  phone?: PhonePlace;
}

/** The columns shown in a list, and the way to choose others. */
export function useColumns<T extends RaRecord>(resource: string, columns: Column<T>[]) {
  const [chosen, setChosen] = useStore<string[] | null>(`columns.${resource}`, null);
  const shown = columns.filter(({ id, hidden, fixed }) => fixed || (chosen ? chosen.includes(id) : !hidden));
  const toggle = (id: string) => {
    const now = shown.map((column) => column.id);
    setChosen(now.includes(id) ? now.filter((other) => other !== id) : [...now, id]);
  };
  return { shown, toggle };
}
