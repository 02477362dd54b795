// The configurations a device was given, newest first, and what it has of them.
import SameIcon from '@mui/icons-material/CheckCircleOutline';
import OtherIcon from '@mui/icons-material/ErrorOutline';
import {
  Alert,
  Box,
  Button,
  Chip,
  CircularProgress,
  Dialog,
  DialogActions,
  DialogContent,
  DialogTitle,
  Table,
  TableBody,
  TableCell,
  TableHead,
  TablePagination,
  TableRow,
  Typography,
} from '@mui/material';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useCanAccess, useDataProvider, useNotify, useRecordContext, useRefresh } from 'react-admin';
import { Link } from 'react-router-dom';
import type { ControllerProvider } from '../operations';
import type { Checksums, ConfigVersion, Device } from '../types';
import { CopyableText } from '../../design/Copyable';
import { useText } from '../../design/useText';
import { useChanges } from '../../live/useLive';
import { lineDiff } from './lineDiff';

const meaning = {
  desired: 'what the device should have now',
  served: 'what it downloaded last',
  reported: 'what it last said it has applied',
};

function ChecksumTable({ checksums }: { checksums: Checksums }) {
  const say = useText();
  return (
    <Box sx={{ display: 'grid', gap: 0.5, mb: 2 }}>
      {(Object.keys(meaning) as (keyof Checksums)[]).map((which) => {
        const sum = checksums[which];
        const agrees = Boolean(sum) && sum === checksums.desired;
        return (
          <Box key={which} sx={{ display: 'flex', columnGap: 1, alignItems: 'center', minWidth: 0 }}>
            {agrees ? <SameIcon color="success" fontSize="small" /> : <OtherIcon color={sum ? 'warning' : 'disabled'} fontSize="small" />}
            <Box sx={{ display: 'flex', flexWrap: 'wrap', alignItems: 'center', columnGap: 2, minWidth: 0 }}>
              <CopyableText label={which} text={sum ?? undefined} />
              <Typography variant="body2" color="text.secondary">
                {say(meaning[which])}
              </Typography>
            </Box>
          </Box>
        );
      })}
    </Box>
  );
}

/** A version's text, with what it changes against the one before. */
function VersionDialog({ device, version, previous, restorable, onClose }: {
  device: string;
  restorable: boolean;
  version: ConfigVersion;
  previous?: ConfigVersion;
  onClose(): void;
}) {
  const say = useText();
  const provider = useDataProvider<ControllerProvider>();
  const read = (id: ConfigVersion['id']) => ({
    queryKey: ['devices', 'version', device, id],
    queryFn: () => provider.version(device, id),
    staleTime: Infinity,
  });
  const shown = useQuery(read(version.id));
  const before = useQuery({ ...read(previous?.id ?? ''), enabled: previous !== undefined });
  const [changes, setChanges] = useState(false);
  const notify = useNotify();
  const refresh = useRefresh();
  const restore = async () => {
    try {
      const { left_out } = await provider.restore(device, version.id);
      notify(left_out.length === 0 ? say('Restored') : say('Restored without %{number} of its templates, which are gone', { number: left_out.length }), { type: left_out.length === 0 ? 'success' : 'warning' });
      refresh();
      onClose();
    } catch (error) {
      notify(error instanceof Error ? error.message : String(error), { type: 'error' });
    }
  };
  const lines =
    changes && before.data
      ? lineDiff(before.data.rendered ?? '', shown.data?.rendered ?? '')
      : (shown.data?.rendered ?? '').split('\n').map((text) => ({ kind: 'same' as const, text }));
  const colors = { same: 'transparent', added: 'rgba(38,113,38,.18)', removed: 'rgba(167,45,29,.18)' };
  const signs = { same: ' ', added: '+', removed: '-' };
  return (
    <Dialog open onClose={onClose} maxWidth="md" fullWidth>
      <DialogTitle>{say('Configuration of %{value}', { value: new Date(version.created).toLocaleString() })}</DialogTitle>
      <DialogContent>
        <CopyableText label="Checksum" text={version.checksum} />
        {shown.isPending && <CircularProgress size={24} />}
        {shown.error && <Alert severity="error">{shown.error.message}</Alert>}
        {shown.data && (
          <Box component="pre" sx={{ m: 0, mt: 1, fontFamily: 'monospace', fontSize: 12.5, overflow: 'auto', tabSize: 4 }}>
            {lines.map(({ kind, text }, index) => (
              <Box key={index} component="span" sx={{ display: 'block', backgroundColor: colors[kind], whiteSpace: 'pre' }}>
                {changes ? `${signs[kind]} ${text}` : text || ' '}
              </Box>
            ))}
          </Box>
        )}
      </DialogContent>
      <DialogActions>
        {restorable && <Button onClick={() => void restore()}>{say('Give the device this again')}</Button>}
        {previous && <Button onClick={() => setChanges(!changes)}>{changes ? say('Show all of it') : say('Show what changed')}</Button>}
        <Button onClick={onClose}>{say('Close')}</Button>
      </DialogActions>
    </Dialog>
  );
}

/** Contents of the history tab. */
export function HistoryTab() {
  const say = useText();
  const device = useRecordContext<Device>();
  const provider = useDataProvider<ControllerProvider>();
  const change = useCanAccess({ resource: 'devices', action: 'edit' });
  const events = useCanAccess({ resource: 'events', action: 'list' });
  const [page, setPage] = useState(0);
  const [perPage, setPerPage] = useState(10);
  const [open, setOpen] = useState<number>();
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['devices', 'versions', device?.id, page, perPage],
    queryFn: () => provider.versions(device?.id ?? '', page + 1, perPage),
    placeholderData: keepPreviousData,
    enabled: device !== undefined,
  });
  useChanges('config.device', () => void refetch(), device?.id);
  if (!device) return null;
  const versions = data?.results ?? [];
  return (
    <Box sx={{ width: '100%' }}>
      {device.checksums && <ChecksumTable checksums={device.checksums} />}
      <Box sx={{ display: 'flex', alignItems: 'center' }}>
        <Typography variant="subtitle2" component="h2" sx={{ flexGrow: 1 }}>
          {say('Versions')}
        </Typography>
        {events.canAccess && (
          <Button size="small" component={Link} to={`/events?${new URLSearchParams({ filter: JSON.stringify({ object_id: device.id }) })}`}>
            {say('Who changed this device')}
          </Button>
        )}
      </Box>
      {isPending && <CircularProgress size={24} />}
      {error && <Alert severity="warning">{error.message}</Alert>}
      {data && versions.length === 0 && <Typography color="text.secondary">{say('This device was never given a configuration.')}</Typography>}
      {versions.length > 0 && (
        <Box sx={{ overflowX: 'auto', position: 'relative' }}>
          <Table size="small">
            <TableHead>
              <TableRow>
                <TableCell>{say('Made')}</TableCell>
                <TableCell>{say('Because of')}</TableCell>
                <TableCell>{say('By')}</TableCell>
                <TableCell>{say('Checksum')}</TableCell>
                <TableCell>{say('Reached')}</TableCell>
                <TableCell>
                  <span className="w-hidden">{say('Look at it')}</span>
                </TableCell>
              </TableRow>
            </TableHead>
            <TableBody>
              {versions.map((version, index) => (
                <TableRow key={version.id} hover>
                  <TableCell sx={{ whiteSpace: 'nowrap' }}>{new Date(version.created).toLocaleString()}</TableCell>
                  <TableCell>{version.cause}</TableCell>
                  <TableCell sx={{ whiteSpace: 'nowrap' }}>{version.actor || '–'}</TableCell>
                  <TableCell sx={{ fontFamily: 'monospace' }} title={version.checksum}>
                    {version.checksum.slice(0, 10)}…
                  </TableCell>
                  <TableCell sx={{ whiteSpace: 'nowrap' }}>
                    {version.served && <Chip size="small" variant="outlined" label={say('served')} sx={{ mr: 0.5 }} />}
                    {version.reported && <Chip size="small" color="success" label={say('applied')} />}
                  </TableCell>
                  <TableCell align="right">
                    <Button size="small" onClick={() => setOpen(index)}>
                      {say('View')}
                    </Button>
                  </TableCell>
                </TableRow>
              ))}
            </TableBody>
          </Table>
          <TablePagination
            component="div"
            count={data?.count ?? 0}
            page={page}
            rowsPerPage={perPage}
            rowsPerPageOptions={[10, 25, 50]}
            sx={{ '& .MuiTablePagination-toolbar': { flexWrap: 'wrap' }, '& .MuiTablePagination-spacer': { display: { xs: 'none', sm: 'block' } } }}
            labelRowsPerPage={say('Rows')}
            labelDisplayedRows={({ from, to, count }) => say('%{first} to %{last} of %{total}', { first: from, last: to, total: count })}
            getItemAriaLabel={(type) => say(type === 'next' ? 'Next page' : 'Page before')}
            onPageChange={(_, next) => setPage(next)}
            onRowsPerPageChange={(event) => {
              setPerPage(Number(event.target.value));
              setPage(0);
            }}
          />
        </Box>
      )}
      {open !== undefined && versions[open] && (
        <VersionDialog
          device={device.id}
          version={versions[open]}
          previous={versions[open + 1]}
          restorable={change.canAccess === true && !device.is_deactivated && (page > 0 || open > 0)}
          onClose={() => setOpen(undefined)}
        />
      )}
    </Box>
  );
}
