// What somebody is told of, and how: everything, each organization, each type. Of oneself, or of a person one administers.
import { Alert, Button, Checkbox, Switch } from '@mui/material';
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useDataProvider, useGetIdentity, useGetOne, useNotify } from 'react-admin';
import { Link, useParams } from 'react-router-dom';
import { APIError } from '../../api/errors';
import { Card } from '../../design/Card';
import { Field } from '../../design/Field';
import { ObjectHeader } from '../../design/ObjectHeader';
import { Empty, Failed, Loading, Refused } from '../../design/states';
import { useText } from '../../design/useText';
import type { TenancyProvider } from '../../tenancy/operations';
import type { User } from '../../tenancy/types';
import type { NotificationProvider } from '../operations';
import { Silences } from '../silence/Silences';
import type { Preference } from '../types';
import { everythingOf, followsOf, type Group, groupsOf, stateOf, type Way, ways, wishOf } from './lines';
import '../notifications.css';

const wayNames: Record<Way, string> = { web: 'Web', email: 'E-mail' };

/** From so many organizations on, they can be searched. */
const manyGroups = 6;

/** The page, with the user in its address or without: then it is one's own. */
export default function Preferences() {
  const { user } = useParams();
  const { identity } = useGetIdentity();
  if (!identity) return null;
  const own = !user || user === identity.id;
  return own ? <Page key="own" user={String(identity.id)} own /> : <Of key={user} user={user} />;
}

function Of({ user }: { user: string }) {
  const { data } = useGetOne<User>('users', { id: user }, { retry: false });
  return <Page user={user} own={false} name={data?.username} />;
}

function usePreferences(user: string) {
  const provider = useDataProvider<NotificationProvider>();
  return useInfiniteQuery({
    queryKey: ['notifications', 'preferences', user],
    queryFn: ({ pageParam }) => provider.preferences(user, pageParam),
    initialPageParam: 1,
    getNextPageParam: ({ next }, _all, page) => (next ? page + 1 : undefined),
    retry: (failures, error) => !(error instanceof APIError && error.status >= 400) && failures < 2,
  });
}

function Page({ user, own, name = 'this person' }: { user: string; own: boolean; name?: string }) {
  const say = useText();
  const { data, error, isPending, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = usePreferences(user);
  const [text, setText] = useState('');
  const lines = data?.pages.flatMap(({ results }) => results) ?? [];
  const everything = everythingOf(lines);
  const groups = groupsOf(lines);
  const shown = groups.filter((group) => group.name.toLowerCase().includes(text.trim().toLowerCase()));
  const refused = error instanceof APIError && [403, 404].includes(error.status);
  const title = own ? say('Notification preferences') : say('What %{name} is told of', { name });
  return (
    <>
      <ObjectHeader title={title} above={own ? { label: 'Notifications', to: '/notifications' } : { label: 'Person', to: `/users/${user}` }} />
      <div className="w-page" style={{ paddingTop: 16 }}>
        <div className="w-stack w-form">
          {isPending && <Loading rows={6} onRetry={() => void refetch()} />}
          {error && refused && <Refused title="You may not see these preferences">{say('An administrator of an organization that the person manages can.')}</Refused>}
          {error && !refused && !data && <Failed reason={error.message} onRetry={() => void refetch()} />}
          {own && data && <Unverified />}
          {everything && <Everything line={everything} user={user} own={own} />}
          {data && groups.length === 0 && (
            <Card>
              <Empty title={own ? 'You manage no organization' : 'The person manages no organization'}>{say('Superusers are told of all organizations, others of those they manage.')}</Empty>
            </Card>
          )}
          {groups.length >= manyGroups && <Field label="Find an organization" type="search" value={text} onChange={setText} />}
          {shown.map((group) => (
            <GroupCard key={group.id} group={group} everything={everything} user={user} />
          ))}
          {groups.length > 0 && shown.length === 0 && <Empty title="No organization matches" action={<Button variant="outlined" onClick={() => setText('')}>{say('Clear')}</Button>} />}
          {hasNextPage && (
            <Button variant="outlined" disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
              {say('More organizations')}
            </Button>
          )}
          {own && data && <Silences />}
        </div>
      </div>
    </>
  );
}

/** Says that no e-mail goes out while no address is confirmed, and sends the link again. */
function Unverified() {
  const say = useText();
  const provider = useDataProvider<TenancyProvider>();
  const notify = useNotify();
  const { data } = useQuery({ queryKey: ['notifications', 'addresses'], queryFn: () => provider.addresses(), staleTime: 60_000 });
  const [busy, setBusy] = useState(false);
  if (!data || data.some(({ verified, primary }) => verified && primary)) return null;
  const address = data.find(({ primary }) => primary) ?? data[0];
  const again = async () => {
    if (!address) return;
    setBusy(true);
    try {
      await provider.confirmAddress(address.id);
      notify(say('A link was sent to %{email}', { email: address.email }), { type: 'success' });
    } catch (error) {
      notify(error instanceof Error ? error.message : String(error), { type: 'error' });
    }
    setBusy(false);
  };
  return (
    <Alert
      severity="warning"
      action={
        address ? (
          <Button color="inherit" disabled={busy} onClick={() => void again()}>
            {say('Send the link again')}
          </Button>
        ) : (
          <Button color="inherit" component={Link} to="/account">
            {say('Add an address')}
          </Button>
        )
      }
    >
      {address ? say('%{email} is not confirmed yet: e-mails go to confirmed addresses only.', { email: address.email }) : say('You have no e-mail address, so nothing can be mailed to you.')}
    </Alert>
  );
}

/** Changes lines, and reads what became of the others. */
function useChoose(user: string) {
  const queries = useQueryClient();
  const notify = useNotify();
  const [busy, setBusy] = useState(false);
  const choose = async (work: () => Promise<unknown>) => {
    setBusy(true);
    try {
      await work();
    } catch (error) {
      notify(error instanceof Error ? error.message : String(error), { type: 'error' });
    }
    await queries.invalidateQueries({ queryKey: ['notifications', 'preferences', user] });
    setBusy(false);
  };
  return { busy, choose };
}

function Everything({ line, user, own }: { line: Preference; user: string; own: boolean }) {
  const say = useText();
  const provider = useDataProvider<NotificationProvider>();
  const { busy, choose } = useChoose(user);
  return (
    <Card flush>
      <table className="n-grid">
        <Head title="Everything" />
        <tbody>
          <tr>
            <th scope="row">
              {say('All notifications')}
              <small>{own ? say('The bell and its sound are the web; e-mails go to your confirmed address.') : say('The bell is the web; e-mails go to the confirmed address.')}</small>
            </th>
            {ways.map((way) => (
              <td key={way} className="n-way">
                <Switch
                  checked={line[way]}
                  disabled={busy}
                  onChange={(_, on) => void choose(() => provider.choosePreference(user, line.id, wishOf(way, on)))}
                  slotProps={{ input: { 'aria-label': say('%{value} for everything', { value: wayNames[way] }) } }}
                />
              </td>
            ))}
          </tr>
        </tbody>
      </table>
    </Card>
  );
}

function Head({ title }: { title: string }) {
  return (
    <thead>
      <tr>
        <th scope="col">
          <h2>{title}</h2>
        </th>
        {ways.map((way) => (
          <th key={way} scope="col" className="n-way">
            {wayNames[way]}
          </th>
        ))}
      </tr>
    </thead>
  );
}

function GroupCard({ group, everything, user }: { group: Group; everything: Preference | undefined; user: string }) {
  const say = useText();
  const provider = useDataProvider<NotificationProvider>();
  const { busy, choose } = useChoose(user);
  const { lines, name } = group;
  return (
    <Card flush>
      <table className="n-grid">
        <Head title={name} />
        <tbody>
          <tr className="n-all">
            <th scope="row">{say('All of it')}</th>
            {ways.map((way) => {
              const state = stateOf(lines, way);
              return (
                <td key={way} className="n-way">
                  <Checkbox
                    checked={state === 'on'}
                    indeterminate={state === 'some'}
                    disabled={busy}
                    onChange={() => void choose(() => provider.chooseAll(user, group.id, wishOf(way, state !== 'on')))}
                    slotProps={{
                      input: {
                        'aria-label': say('%{value} for all of %{name}', { value: wayNames[way], name }),
                        // said by the box itself too, not by its looks alone
                        ref: (box: HTMLInputElement | null) => {
                          if (box) box.indeterminate = state === 'some';
                        },
                      },
                    }}
                  />
                </td>
              );
            })}
          </tr>
          {lines.map((line) => (
            <tr key={line.id}>
              <th scope="row">{line.type_label}</th>
              {ways.map((way) => (
                <td key={way} className="n-way">
                  <Checkbox
                    checked={line[way]}
                    disabled={busy}
                    onChange={() => void choose(() => provider.choosePreference(user, line.id, wishOf(way, !line[way])))}
                    slotProps={{ input: { 'aria-label': say('%{value} for %{type_label} of %{name}', { value: wayNames[way], type_label: line.type_label, name }) } }}
                  />
                  <Origin line={line} way={way} everything={everything} busy={busy} onFollow={() => void choose(() => provider.choosePreference(user, line.id, { [way]: null }))} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  );
}

/** Whether a line follows a wider choice, or has its own, which can be given up. */
function Origin({ line, way, everything, busy, onFollow }: { line: Preference; way: Way; everything: Preference | undefined; busy: boolean; onFollow(): void }) {
  const say = useText();
  if (line[`${way}_inherited`]) return <small>{followsOf(everything, way)}</small>;
  return (
    <small>
      {say('own ·')}{' '}
      <button type="button" disabled={busy} onClick={onFollow} title={say('Follow the wider choice again')} aria-label={say('undo, follow the wider choice again: %{value} for %{type_label} of %{organization_name}', { value: wayNames[way], type_label: line.type_label, organization_name: line.organization_name })}>
        {say('undo')}
      </button>
    </small>
  );
}
