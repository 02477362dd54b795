// The one API key of a user: made and deleted here, shown to its owner alone.
import { Button } from '@mui/material';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useDataProvider, useNotify } from 'react-admin';
import { Ask } from '../design/Ask';
import { CopyableText } from '../design/Copyable';
import { Moment } from '../design/Moment';
import { useText } from '../design/useText';
import type { TenancyProvider } from './operations';

/** The panel. own tells that it is one's own key. */
export function APIKeyPanel({ user, own, mayAdd, mayDelete }: { user: string; own: boolean; mayAdd: boolean; mayDelete: boolean }) {
  const say = useText();
  const provider = useDataProvider<TenancyProvider>();
  const queries = useQueryClient();
  const notify = useNotify();
  const [asked, setAsked] = useState(false);
  const queryKey = ['users', 'api key', user];
  const { data, isPending, error } = useQuery({ queryKey, queryFn: async () => (await provider.apiKey(user)) ?? null });
  const change = async (work: () => Promise<unknown>, done: string) => {
    try {
      await work();
      notify(done, { type: 'success' });
    } catch (problem) {
      notify(problem instanceof Error ? problem.message : String(problem), { type: 'error' });
    }
    setAsked(false);
    await queries.invalidateQueries({ queryKey });
  };
  if (isPending || error) return error ? <p className="w-secondary">{error.message}</p> : null;
  return (
    <>
      <p className="w-secondary" style={{ marginTop: 0 }}>
        {say('Programs send it as')}{' '}<code>{say('Authorization: Bearer')}</code>{' '}{say('and may do what')}{' '}{own ? say('you') : say('the person')}{' '}{say('may.')}
      </p>
      {data ? (
        <>
          {own ? <CopyableText label="Key" text={data.key} /> : <p className="w-mono w-clip">{data.key}</p>}
          <p className="w-small w-muted">
            {say('Made')}{' '}<Moment at={data.created} />
          </p>
          {mayDelete && (
            <Button color="error" variant="outlined" onClick={() => setAsked(true)}>
              {say('Delete API key…')}
            </Button>
          )}
        </>
      ) : (
        <>
          <p className="w-muted">{say('There is none.')}</p>
          {mayAdd && (
            <Button variant="outlined" onClick={() => void change(() => provider.createAPIKey(user), 'API key made')}>
              {say('Make an API key')}
            </Button>
          )}
        </>
      )}
      {asked && (
        <Ask title="Delete the API key?" verb="Delete API key" keep="Keep it" dangerous onDo={() => void change(() => provider.deleteAPIKey(user), 'API key deleted')} onClose={() => setAsked(false)}>
          {say('Programs that use it are refused from now on.')}
        </Ask>
      )}
    </>
  );
}
