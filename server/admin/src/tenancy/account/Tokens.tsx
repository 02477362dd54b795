// One's own named tokens: for programs that act in one's name.
import RemoveIcon from '@mui/icons-material/DeleteOutline';
import { Alert, Autocomplete, Box, Button, CircularProgress, IconButton, TextField, Typography } from '@mui/material';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useDataProvider, useNotify, usePermissions } from 'react-admin';
import type { TenancyProvider } from '../operations';
import type { APIToken } from '../types';
import type { Session } from '../../api/types';
import { CopyableText } from '../../design/Copyable';
import { Moment } from '../../design/Moment';
import { useText } from '../../design/useText';

const queryKey = ['me', 'tokens'];

// What one may do oneself, and so let a token do: "config.view_device". A superuser may do everything there is.
function useOwnPermissions(): string[] {
  const provider = useDataProvider<TenancyProvider>();
  const { permissions: session } = usePermissions<Session>();
  const own = session?.permissions ?? [];
  const everything = own.includes('*');
  const { data = [] } = useQuery({ queryKey: ['permissions'], queryFn: () => provider.permissions(), enabled: everything, staleTime: 300_000 });
  return (everything ? data.map(({ app, codename }) => `${app}.${codename}`) : [...own]).sort();
}

/** The list, and a form for a new one, whose text is shown once. */
export function Tokens() {
  const say = useText();
  const provider = useDataProvider<TenancyProvider>();
  const queries = useQueryClient();
  const notify = useNotify();
  const { data, error } = useQuery({ queryKey, queryFn: () => provider.tokens() });
  const [name, setName] = useState('');
  const [until, setUntil] = useState('');
  const [scopes, setScopes] = useState<string[]>([]);
  const offered = useOwnPermissions();
  const [made, setMade] = useState<APIToken>();

  const attempt = async (work: () => Promise<void>) => {
    try {
      await work();
    } catch (problem) {
      notify(problem instanceof Error ? problem.message : 'This did not work', { type: 'error' });
    }
    await queries.invalidateQueries({ queryKey });
  };
  const create = (event: FormEvent) => {
    event.preventDefault();
    void attempt(async () => {
      setMade(await provider.createToken(name.trim(), until ? new Date(`${until}T23:59:59`).toISOString() : null, scopes));
      setName('');
      setUntil('');
      setScopes([]);
    });
  };

  return (
    <Box>
      <Typography variant="body2" color="text.secondary" sx={{ mb: 1 }}>
        {say('A program that sends one as')}{' '}<code>{say('Authorization: Bearer …')}</code>{' '}{say('acts in your name.')}
      </Typography>
      {error && <Alert severity="warning">{error.message}</Alert>}
      {!data && !error && <CircularProgress size={20} />}
      {made?.token && (
        <Alert severity="success" sx={{ mb: 1, '& .MuiAlert-message': { minWidth: 0 } }} onClose={() => setMade(undefined)}>
          {say('The token %{name} is shown only now:', { name: made.name })}
          <CopyableText label="Token" text={made.token} />
        </Alert>
      )}
      {data?.map((token) => (
        <Box key={token.id} sx={{ display: 'flex', flexWrap: 'wrap', alignItems: 'center', columnGap: 2 }}>
          <Typography sx={{ minWidth: 140, fontWeight: 600 }}>{token.name}</Typography>
          <Typography variant="body2" color="text.secondary" sx={{ flexGrow: 1 }}>
            {say('made')}{' '}<Moment at={token.created} />{say(', used')}{' '}<Moment at={token.last_used} />{say(', ends')}{' '}{token.expires ? <Moment at={token.expires} /> : say('never')}
            {token.scopes.length > 0 && <>{say('; limited to %{scopes}', { scopes: token.scopes.join(', ') })}</>}
          </Typography>
          <IconButton
            size="small"
            aria-label={say('Delete token %{name}', { name: token.name })}
            onClick={() => {
              if (made?.id === token.id) setMade(undefined);
              void attempt(() => provider.deleteToken(token.id));
            }}
          >
            <RemoveIcon fontSize="small" />
          </IconButton>
        </Box>
      ))}
      <Box component="form" onSubmit={create} sx={{ display: 'flex', flexWrap: 'wrap', gap: 1, alignItems: 'flex-start', maxWidth: 620 }}>
        <TextField fullWidth={false} label={say('Name of a new token')} value={name} onChange={(event) => setName(event.target.value)} sx={{ flexGrow: 1, minWidth: 180 }} />
        <TextField
          fullWidth={false}
          label={say('Ends')}
          type="date"
          value={until}
          onChange={(event) => setUntil(event.target.value)}
          slotProps={{ inputLabel: { shrink: true } }}
        />
        <Autocomplete
          multiple
          fullWidth
          size="small"
          options={offered}
          value={scopes}
          onChange={(_, chosen) => setScopes(chosen)}
          renderInput={(params) => <TextField {...params} label={say('Limited to')} helperText={say('Nothing chosen: all that you may do')} />}
        />
        <Button type="submit" variant="outlined" disabled={name.trim() === ''} sx={{ mt: 1 }}>
          {say('Make')}
        </Button>
      </Box>
    </Box>
  );
}
