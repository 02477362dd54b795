// What a list shows, filters and order included, as a file for a spreadsheet.
import { Button } from '@mui/material';
import { Download } from 'lucide-react';
import { useState } from 'react';
import { useDataProvider, useListContext, useNotify, type RaRecord } from 'react-admin';
import { maximalPage } from '../api/dataProvider';
import { useText } from '../design/useText';
import { csv, type Column } from './csv';

/** More than this is the command line's business. */
const most = 10_000;

interface ExportButtonProps<T> {
  /** The file is named after it and the day. */
  name: string;
  columns: Column<T>[];
  /** Where ids stand in the columns, their names are read first: of which resource, which ids. */
  names?: { resource: string; ids(record: T): string[] };
}

/** Downloads everything the list has, page after page, as CSV. */
export function ExportButton<T extends RaRecord>({ name, columns, names }: ExportButtonProps<T>) {
  const { resource, filterValues, sort, total } = useListContext<T>();
  const provider = useDataProvider();
  const notify = useNotify();
  const say = useText();
  const [busy, setBusy] = useState(false);
  const save = async () => {
    setBusy(true);
    try {
      const records: T[] = [];
      for (let page = 1; ; page++) {
        const { data, total } = await provider.getList<T>(resource, { pagination: { page, perPage: maximalPage }, sort, filter: filterValues });
        records.push(...data);
        if (data.length === 0 || records.length >= (total ?? 0) || records.length >= most) break;
      }
      const known: Record<string, string> = {};
      const ids = names ? [...new Set(records.flatMap(names.ids))] : [];
      if (names && ids.length > 0) {
        const { data } = await provider.getMany(names.resource, { ids });
        for (const { id, name } of data) known[id] = name;
      }
      download(`${name}-${new Date().toISOString().slice(0, 10)}.csv`, csv(columns, records, (id) => known[id] ?? id));
      notify(say('%{number} exported', { number: records.length }), { type: 'success' });
    } catch (error) {
      notify(error instanceof Error ? error.message : say('The export failed'), { type: 'error' });
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button variant="outlined" className="w-desk" onClick={save} disabled={busy || total === 0} startIcon={<Download size={16} />}>
      {say('Export')}
    </Button>
  );
}

function download(name: string, text: string) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }));
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  URL.revokeObjectURL(link.href);
}
