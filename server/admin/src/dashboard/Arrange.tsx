// The dialog in which a person chooses the charts and their order.
import { Button, Checkbox, Dialog, DialogActions, DialogContent, DialogTitle, FormControlLabel, IconButton } from '@mui/material';
import { useMutation } from '@tanstack/react-query';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { useState } from 'react';
import { useDataProvider } from 'react-admin';
import { Banner } from '../design/Banner';
import { layoutOf, moved, toggled } from './arrange';
import type { DashboardProvider } from './operations';
import type { Chart } from './types';

interface ArrangeProps {
  charts: Chart[];
  onClose(): void;
  onSaved(): void;
}

/** The dialog. */
export function Arrange({ charts: before, onClose, onSaved }: ArrangeProps) {
  const provider = useDataProvider<DashboardProvider>();
  const [charts, setCharts] = useState(before);
  const save = useMutation({ mutationFn: () => provider.arrangeCharts(layoutOf(charts)), onSuccess: onSaved });
  const reset = useMutation({ mutationFn: () => provider.resetCharts(), onSuccess: onSaved });
  const busy = save.isPending || reset.isPending;
  const error = save.error ?? reset.error;
  const shown = charts.filter(({ hidden }) => !hidden).length;
  return (
    <Dialog open onClose={onClose} fullWidth maxWidth="xs" aria-labelledby="arrange-title">
      <DialogTitle id="arrange-title">Which charts do you want to see?</DialogTitle>
      <DialogContent>
        <p className="w-chart-note">Only for you, on every device you log in from.</p>
        {error && <Banner status="critical" title="Nothing was saved" urgent>{error.message}</Banner>}
        <ol className="w-chart-order">
          {charts.map(({ name, label, hidden }, index) => (
            <li key={name}>
              <FormControlLabel className="w-grow" control={<Checkbox checked={!hidden} onChange={() => setCharts(toggled(charts, name))} />} label={label} />
              <IconButton aria-label={`${label}: up`} disabled={index === 0} onClick={() => setCharts(moved(charts, name, -1))}>
                <ArrowUp size={16} />
              </IconButton>
              <IconButton aria-label={`${label}: down`} disabled={index === charts.length - 1} onClick={() => setCharts(moved(charts, name, 1))}>
                <ArrowDown size={16} />
              </IconButton>
            </li>
          ))}
        </ol>
      </DialogContent>
      <DialogActions>
        <Button disabled={busy} onClick={() => reset.mutate()}>
          As at first
        </Button>
        <span className="w-grow" />
        <Button disabled={busy} onClick={onClose}>
          Leave
        </Button>
        <Button variant="contained" disabled={busy} onClick={() => save.mutate()}>
          Show {shown === 1 ? 'one chart' : `${shown} charts`}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
