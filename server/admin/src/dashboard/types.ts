// The dashboard's charts as the API tells them.
import type { StatusName } from '../design/tokens';

/** One part of a chart. */
export interface Slice {
  label: string;
  value: number;
  color: string;
  status: StatusName | '';
  /** Parameters of the list that holds what is counted; null: it leads nowhere. */
  filters: Record<string, string> | null;
}

/** A whole and its parts. */
export interface Chart {
  name: string;
  label: string;
  hidden: boolean;
  /** Whose list the parts lead to: config.device. */
  model: string;
  watch: string[];
  unit: string;
  total: number;
  slices: Slice[];
  quick_link: { label: string; url: string } | null;
  failed: boolean;
}

/** How a person arranges the charts, by their names. */
export interface Layout {
  order: string[];
  hidden: string[];
}
