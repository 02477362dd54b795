// Comma-separated values (RFC 4180).

/** One column: its title, and what it shows of a record. nameOf turns an id into a name. */
export interface Column<T> {
  title: string;
  of(record: T, nameOf: (id: string) => string): unknown;
}

// Spreadsheets run a text that begins like a formula; a quote keeps it a text.
function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  let text = typeof value === 'string' ? value : JSON.stringify(value);
  if (typeof value === 'string' && /^[=+\-@\t\r]/.test(text)) text = `'${text}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A table with a header row. */
export function csv<T>(columns: Column<T>[], records: T[], nameOf: (id: string) => string = (id) => id): string {
  const rows = [columns.map(({ title }) => cell(title)), ...records.map((record) => columns.map(({ of }) => cell(of(record, nameOf))))];
  return rows.map((row) => `${row.join(',')}\r\n`).join('');
}
