// One's own authenticator app: set it up, renew recovery codes, turn it off.
import { Alert, Box, CircularProgress, Typography } from '@mui/material';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useDataProvider } from 'react-admin';
import type { TenancyProvider } from '../operations';
import type { Enrolment } from '../types';
import { CopyableText } from '../../design/Copyable';
import { useText } from '../../design/useText';
import { Codes, Step } from './Proof';

/** What the account page asks for the state of one's own second factor with. */
export const factorKey = ['me', 'totp'];

function SetUp({ enrolment, confirm }: { enrolment: Enrolment; confirm(code: string): Promise<void> }) {
  const say = useText();
  return (
    <Box sx={{ display: 'grid', gridTemplateColumns: 'minmax(0,1fr)', gap: 1 }}>
      <Typography variant="body2">{say('Scan this with an authenticator app, or type the secret into it; then enter the code it shows.')}</Typography>
      <Box component="img" src={enrolment.qr} alt={say('QR code for the authenticator app')} sx={{ width: 200, height: 200, imageRendering: 'pixelated', border: '8px solid #fff' }} />
      <CopyableText label="Secret" text={enrolment.secret} />
      <Step code="Code" button="Turn on" run={({ code }) => confirm(code)} />
    </Box>
  );
}

/** The panel. onChange is told what was done, since it may lift a restriction. */
export function SecondFactorPanel({ onChange }: { onChange(message: string): Promise<void> }) {
  const say = useText();
  const provider = useDataProvider<TenancyProvider>();
  const queries = useQueryClient();
  const { data, error } = useQuery({ queryKey: factorKey, queryFn: () => provider.secondFactor() });
  const [enrolment, setEnrolment] = useState<Enrolment>();
  const [codes, setCodes] = useState<string[]>();
  if (error) return <Alert severity="warning">{error.message}</Alert>;
  if (!data) return <CircularProgress size={20} />;

  const done = async (message: string, fresh?: string[]) => {
    setCodes(fresh);
    setEnrolment(undefined);
    await queries.invalidateQueries({ queryKey: factorKey });
    await onChange(message);
  };

  if (!data.confirmed) {
    return (
      <Box>
        <Typography variant="body2" color="text.secondary" sx={{ mb: 1 }}>
          {data.required
            ? say('Your account needs a second factor: a code of an authenticator app beside the password.')
            : say('A code of an authenticator app can be asked for beside the password.')}
        </Typography>
        {enrolment ? (
          <SetUp enrolment={enrolment} confirm={async (code) => done('Second factor turned on', await provider.confirmFactor(code))} />
        ) : (
          <Step password="Your password" button="Set up" run={async ({ password }) => setEnrolment(await provider.enrol(password))} />
        )}
      </Box>
    );
  }
  return (
    <Box>
      <Typography variant="body2" sx={{ mb: 1 }}>
        {say('On since %{value}; %{recovery_codes} recovery codes are left.', { value: new Date(data.confirmed).toLocaleString(), recovery_codes: data.recovery_codes })}
      </Typography>
      {codes && <Codes codes={codes} />}
      <Step
        password="Password for new recovery codes"
        code="Code for new recovery codes"
        button="Renew recovery codes"
        run={async ({ password, code }) => done('Recovery codes renewed', await provider.renewRecovery(password, code))}
      />
      {!data.required && (
        <Step
          password="Password to turn it off"
          code="Code to turn it off"
          button="Turn off"
          color="error"
          run={async ({ password, code }) => {
            await provider.disableFactor(password, code);
            await done('Second factor turned off');
          }}
        />
      )}
    </Box>
  );
}
