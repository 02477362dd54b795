// Makes the template with which an OpenWrt device becomes a hotspot of an organization.
import { Button, Dialog, DialogActions, DialogContent, DialogTitle, MenuItem, TextField } from '@mui/material';
import { useState } from 'react';
import { useDataProvider, useNotify, useRecordContext } from 'react-admin';
import { useText } from '../design/useText';
import { APIError } from '../api/errors';
import type { HotspotValues, RadiusProvider } from './operations';

const initial: HotspotValues = { name: 'Hotspot', gateway: 'opennds', ssid: 'Hotspot', radius_server: '', radius_secret: '' };

/** A button, and the dialog behind it. */
export function HotspotTemplate() {
  const say = useText();
  const organization = useRecordContext()?.id;
  const provider = useDataProvider<RadiusProvider>();
  const notify = useNotify();
  const [open, setOpen] = useState(false);
  const [values, setValues] = useState(initial);
  const [fault, setFault] = useState('');
  const [busy, setBusy] = useState(false);
  if (organization === undefined) return null;
  const set = (field: keyof HotspotValues) => (event: { target: { value: string } }) => setValues({ ...values, [field]: event.target.value });
  const make = async () => {
    setBusy(true);
    setFault('');
    try {
      await provider.makeHotspot(organization, values);
      notify(say('The template "%{name}" was made. Reload the page to see the portal\'s settings.', { name: values.name }), { type: 'success' });
      setOpen(false);
      setValues(initial);
    } catch (error) {
      setFault(error instanceof APIError || error instanceof Error ? error.message : 'It did not work.');
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button variant="outlined" size="small" onClick={() => setOpen(true)}>
        {say('Make a hotspot template')}
      </Button>
      <Dialog open={open} onClose={() => setOpen(false)} fullWidth maxWidth="xs" aria-labelledby="hotspot-title">
        <DialogTitle id="hotspot-title">{say('Hotspot template')}</DialogTitle>
        <DialogContent>
          <TextField label={say('Name')} value={values.name} onChange={set('name')} fullWidth margin="dense" required />
          <TextField select label={say('Program on the device')} value={values.gateway} onChange={set('gateway')} fullWidth margin="dense">
            <MenuItem value="opennds">{say('openNDS')}</MenuItem>
            <MenuItem value="coovachilli">{say('CoovaChilli')}</MenuItem>
          </TextField>
          <TextField label={say('Name of the WiFi')} value={values.ssid} onChange={set('ssid')} fullWidth margin="dense" />
          {values.gateway === 'coovachilli' && (
            <>
              <TextField label={say('RADIUS server')} value={values.radius_server} onChange={set('radius_server')} fullWidth margin="dense" required />
              <TextField label={say('Secret of the RADIUS server')} type="password" autoComplete="off" value={values.radius_secret} onChange={set('radius_secret')} fullWidth margin="dense" required />
            </>
          )}
          {fault && <p role="alert">{fault}</p>}
        </DialogContent>
        <DialogActions>
          <Button onClick={() => setOpen(false)}>{say('Cancel')}</Button>
          <Button variant="contained" disabled={busy || !values.name} onClick={() => void make()}>
            {say('Make it')}
          </Button>
        </DialogActions>
      </Dialog>
    </>
  );
}
