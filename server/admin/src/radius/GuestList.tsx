// The list of guests: who asked for access, and what became of it.
import { Button } from '@mui/material';
import { useCanAccess, useDataProvider, useNotify, useRefresh } from 'react-admin';
import { Moment } from '../design/Moment';
import { Empty } from '../design/states';
import { Status } from '../design/Status';
import { useText } from '../design/useText';
import type { Column } from '../lists/columns';
import { ListPage } from '../lists/ListPage';
import { Reference } from '../lists/Reference';
import { organizationFilter } from '../tenancy/filters';
import type { RadiusProvider } from './operations';
import type { Guest } from './types';
import { guestStatus } from './words';

const columns: Column<Guest>[] = [
  { id: 'name', label: 'Guest', sort: 'name', fixed: true, width: '18%', phone: 'title', cell: ({ name }) => <span className="w-medium w-clip">{name}</span> },
  { id: 'status', label: 'Status', sort: 'status', width: 150, phone: 'status', cell: ({ status }) => <Status {...guestStatus(status)} /> },
  { id: 'sponsor', label: 'Sponsor', width: '20%', phone: 'address', cell: ({ sponsor }) => <span className="w-clip">{sponsor}</span> },
  { id: 'reason', label: 'Reason', width: '18%', cell: ({ reason }) => <span className="w-clip">{reason}</span> },
  { id: 'organization', label: 'Organization', width: '12%', phone: 'note', cell: ({ organization }) => <Reference resource="organizations" id={organization} none="unknown" /> },
  { id: 'username', label: 'Account', width: 170, hidden: true, cell: ({ username }) => <span className="w-mono">{username}</span> },
  { id: 'until', label: 'May stay until', sort: 'until', right: true, width: 130, cell: ({ until }) => <Moment at={until} never="" /> },
  { id: 'created', label: 'Asked', sort: 'created', right: true, width: 120, phone: 'aside', cell: ({ created }) => <Moment at={created} /> },
];

function Detail({ guest }: { guest: Guest }) {
  const say = useText();
  const provider = useDataProvider<RadiusProvider>();
  const notify = useNotify();
  const refresh = useRefresh();
  const { canAccess: may } = useCanAccess({ resource: 'guests', action: 'edit' });
  const answer = async (approve: boolean) => {
    try {
      await provider.answerGuest(guest.id, approve);
      notify(approve ? say('%{name} may come in', { name: guest.name }) : say('%{name} was not let in', { name: guest.name }), { type: 'success' });
    } catch (error) {
      notify(error instanceof Error ? error.message : 'It did not work', { type: 'error' });
    }
    refresh();
  };
  const facts: [string, string][] = [
    ['E-mail', guest.email],
    ['Device', guest.mac],
    ['Account', guest.username],
    ['Reason', guest.reason],
    ['Answered by', guest.decided_by],
  ];
  return (
    <>
      <ul className="w-rows">
        {facts
          .filter(([, value]) => value)
          .map(([name, value]) => (
            <li key={name}>
              <span className="w-secondary">{name}</span>
              <span className="w-grow">{value}</span>
            </li>
          ))}
      </ul>
      {guest.status === 'waiting' && may && (
        <p>
          <Button variant="contained" size="small" onClick={() => answer(true)}>
            {say('Let in')}
          </Button>{' '}
          <Button variant="outlined" size="small" onClick={() => answer(false)}>
            {say('Do not let in')}
          </Button>
        </p>
      )}
    </>
  );
}

/** The page. */
export default function GuestList() {
  const say = useText();
  return (
    <ListPage<Guest>
      title="Guests"
      what="guests"
      columns={columns}
      sort={{ field: 'created', order: 'DESC' }}
      placeholder="Name or e-mail address"
      filters={[
        { ...organizationFilter, shown: true },
        {
          source: 'status',
          label: 'Status',
          kind: 'choice',
          shown: true,
          choices: [
            { id: 'waiting', name: 'waiting' },
            { id: 'approved', name: 'may come in' },
            { id: 'refused', name: 'refused' },
            { id: 'lapsed', name: 'not answered' },
            { id: 'ended', name: 'ended' },
          ],
        },
      ]}
      nameOf={({ name }) => name}
      opens={false}
      detail={(guest) => <Detail guest={guest} />}
      empty={<Empty title="No guests yet">{say('People appear here who ask a sponsor for access. An organization\'s page says who may sponsor.')}</Empty>}
    />
  );
}
