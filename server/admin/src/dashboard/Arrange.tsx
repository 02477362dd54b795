// The dialog in which a person chooses the charts and their order.
import { Button, Checkbox, Dialog, DialogActions, DialogContent, DialogTitle, FormControlLabel, IconButton } from '@mui/material';
import { useMutation } from '@tanstack/react-query';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { useState } from 'react';
import { useDataProvider } from 'react-admin';
import { Banner } from '../design/Banner';
import { useText } from '../design/useText';
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
  const say = useText();
  const provider = useDataProvider<DashboardProvider>();
  const [charts, setCharts] = useState(before);
  const save = useMutation({ mutationFn: () => provider.arrangeCharts(layoutOf(charts)), onSuccess: onSaved });
  const reset = useMutation({ mutationFn: () => provider.resetCharts(), onSuccess: onSaved });
  const busy = save.isPending || reset.isPending;
  const error = save.error ?? reset.error;
  const shown = charts.filter(({ hidden }) => !hidden).length;
  return (
    <Dialog open onClose={onClose} fullWidth maxWidth="xs" aria-labelledby="arrange-title">
      <DialogTitle id="arrange-title">{say('Which charts do you want to see?')}</DialogTitle>
      <DialogContent>
        <p className="w-chart-note">{say('Only for you, on every device you log in from.')}</p>
        {error && <Banner status="critical" title="Nothing was saved" urgent>{error.message}</Banner>}
        <ol className="w-chart-order">
          {charts.map(({ name, label, hidden }, index) => (
            <li key={name}>
              <FormControlLabel className="w-grow" control={<Checkbox checked={!hidden} onChange={() => setCharts(toggled(charts, name))} />} label={label} />
              <IconButton aria-label={say('%{label}: up', { label })} disabled={index === 0} onClick={() => setCharts(moved(charts, name, -1))}>
                <ArrowUp size={16} />
              </IconButton>
              <IconButton aria-label={say('%{label}: down', { label })} disabled={index === charts.length - 1} onClick={() => setCharts(moved(charts, name, 1))}>
                <ArrowDown size={16} />
              </IconButton>
            </li>
          ))}
        </ol>
      </DialogContent>
      <DialogActions>
        <Button disabled={busy} onClick={() => reset.mutate()}>
          {say('As at first')}
        </Button>
        <span className="w-grow" />
        <Button disabled={busy} onClick={onClose}>
          {say('Leave')}
        </Button>
        <Button variant="contained" disabled={busy} onClick={() => save.mutate()}>
          {say('Show')}{' '}{shown === 1 ? say('one chart') : say('%{shown} charts', { shown })}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
