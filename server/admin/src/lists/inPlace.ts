// A list that keeps its rows in place under the reader's hand: what changed is changed where it stands, what is new is
// announced, and the order is the one that was read first until somebody asks for the present one.

/** A row has its id. */
interface Row {
  id: string | number;
}

/** What a list shows. */
export interface Shown<T extends Row> {
  /** What was asked for: filters, order and page. */
  key: string;
  rows: T[];
  /** How many there were in all when the order was taken. */
  total: number;
  /** Rows that changed with the last reading. */
  changed: ReadonlySet<T['id']>;
  /** Rows that are not where they were: on another page, out of the filter, or gone. */
  left: ReadonlySet<T['id']>;
  /** How many there are that are not shown because they are new. */
  fresh: number;
  /** The order is not the present one any more. */
  moved: boolean;
}

/** A reading as it is: the order is the present one. */
export function taken<T extends Row>(key: string, rows: T[], total: number): Shown<T> {
  return { key, rows, total, changed: new Set(), left: new Set(), fresh: 0, moved: false };
}

/** What is shown after another reading of the same that nobody asked for. */
export function followed<T extends Row>(shown: Shown<T>, rows: T[], total: number): Shown<T> {
  const now = new Map(rows.map((row) => [row.id, row]));
  const changed = new Set<T['id']>();
  const left = new Set<T['id']>();
  const kept = shown.rows.map((before) => {
    const next = now.get(before.id);
    if (!next) {
      left.add(before.id);
      return before;
    }
    if (JSON.stringify(next) !== JSON.stringify(before)) changed.add(before.id);
    return next;
  });
  const before = new Set(shown.rows.map(({ id }) => id));
  const others = rows.filter(({ id }) => !before.has(id)).length;
  const fresh = Math.max(0, Math.min(others, total - shown.total));
  const order = rows.filter(({ id }) => before.has(id)).map(({ id }) => id);
  const stayed = kept.filter(({ id }) => !left.has(id));
  const moved = left.size > 0 || others > 0 || order.some((id, index) => stayed[index]?.id !== id);
  return { key: shown.key, rows: kept, total: shown.total, changed, left, fresh, moved };
}

/** What is shown with rows that left read by themselves; those of which nothing came are gone. */
export function looked<T extends Row>(shown: Shown<T>, found: T[]): { shown: Shown<T>; gone: ReadonlySet<T['id']> } {
  const now = new Map(found.map((row) => [row.id, row]));
  const gone = new Set([...shown.left].filter((id) => !now.has(id)));
  const changed = new Set(shown.changed);
  const rows = shown.rows.map((before) => {
    const next = shown.left.has(before.id) ? now.get(before.id) : undefined;
    if (!next) return before;
    if (JSON.stringify(next) !== JSON.stringify(before)) changed.add(before.id);
    return next;
  });
  return { shown: { ...shown, rows, changed }, gone };
}
