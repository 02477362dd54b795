// The part of captive portals in an organization's form.
import { BooleanInput, NumberInput, SelectInput, TextInput } from 'react-admin';
import { useWatch } from 'react-hook-form';
import { SecretInput } from '../design/SecretInput';
import { Columns, FormCard, useMayChange } from '../forms/FormParts';
import { HotspotTemplate } from './HotspotTemplate';

const dialects = [
  { id: 'none', name: 'none' },
  { id: 'coovachilli', name: 'CoovaChilli' },
  { id: 'opennds', name: 'openNDS' },
  { id: 'pfsense', name: 'pfSense' },
  { id: 'opnsense', name: 'OPNsense' },
  { id: 'mikrotik', name: 'MikroTik' },
];

/** The fields of the settings. */
export default function PortalFields() {
  const locked = !useMayChange('portal_settings');
  const dialect = useWatch({ name: 'portal_settings.dialect' }) as string | undefined;
  const secret = useWatch({ name: 'portal_settings.gateway_secret' }) as string | null | undefined;
  const guests = useWatch({ name: 'portal_settings.guests_enabled' }) as boolean | undefined;
  return (
    <FormCard title="Captive portal">
      {!locked && <HotspotTemplate />}
      <SelectInput source="portal_settings.dialect" choices={dialects} helperText="How the gateways that send people to the log-in page speak" readOnly={locked} fullWidth />
      {dialect && dialect !== 'none' && (
        <>
          {(dialect === 'coovachilli' || dialect === 'opennds') && secret !== null && secret !== undefined && (
            <SecretInput
              source="portal_settings.gateway_secret"
              name="secret of the gateway"
              helperText={dialect === 'opennds' ? 'faskey of openNDS' : 'uamsecret of CoovaChilli'}
              readOnly={locked}
            />
          )}
          {dialect === 'coovachilli' && secret !== null && secret !== undefined && (
            <TextInput
              source="portal_settings.radius_secret"
              type="password"
              helperText="For hotspots made of a template; it is never shown. Empty: it stays"
              readOnly={locked}
              slotProps={{ htmlInput: { autoComplete: 'new-password' } }}
              fullWidth
            />
          )}
          <TextInput source="portal_settings.gateway_hosts" helperText="Names, addresses and networks, separated by commas; empty: private addresses" readOnly={locked} fullWidth />
          {(dialect === 'coovachilli' || dialect === 'mikrotik') && (
            <BooleanInput source="portal_settings.answer_challenge" helperText="Needs the RADIUS server of this program, not FreeRADIUS" readOnly={locked} />
          )}
        </>
      )}
      <Columns>
        <TextInput source="portal_settings.portal_url" helperText="{organization} is filled in" readOnly={locked} fullWidth />
        <TextInput source="portal_settings.venue_url" helperText="Told by the Captive Portal API" readOnly={locked} fullWidth />
      </Columns>
      <BooleanInput source="portal_settings.guests_enabled" helperText="A sponsor lets them in by a link in an e-mail" readOnly={locked} />
      {guests && (
        <>
          <TextInput source="portal_settings.sponsor_domains" helperText="Such as example.org, separated by commas" readOnly={locked} fullWidth />
          <Columns>
            <NumberInput source="portal_settings.guest_hours" helperText={false} readOnly={locked} fullWidth />
            <NumberInput source="portal_settings.approval_hours" helperText={false} readOnly={locked} fullWidth />
          </Columns>
        </>
      )}
      <Columns>
        <NumberInput source="portal_settings.grace_minutes" helperText="For people who registered by e-mail; 0: none" readOnly={locked} fullWidth />
        <NumberInput source="portal_settings.remember_days" helperText="It comes in by its MAC address; 0: never" readOnly={locked} fullWidth />
      </Columns>
    </FormCard>
  );
}
