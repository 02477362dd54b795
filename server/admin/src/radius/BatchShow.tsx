// The page of a batch of users, which follows how far it is.
import { Alert, Button } from '@mui/material';
import { useCreatePath, useRecordContext } from 'react-admin';
import { Card } from '../design/Card';
import { Moment } from '../design/Moment';
import { MoreMenu } from '../design/MoreMenu';
import { ObjectHeader } from '../design/ObjectHeader';
import { Status } from '../design/Status';
import { useText } from '../design/useText';
import { EditPage } from '../forms/EditPage';
import { useDeletion } from '../forms/FormParts';
import { Reference } from '../lists/Reference';
import type { Batch } from './types';
import { batchStatus } from './words';

function Header({ batch }: { batch: Batch }) {
  const say = useText();
  const createPath = useCreatePath();
  const deletion = useDeletion('batch', batch.name, 'The accounts that were made for it are deleted as well.');
  const ended = batch.status === 'completed' || batch.status === 'failed';
  return (
    <>
      <ObjectHeader
        title={batch.name}
        above={{ label: 'Batches of users', to: createPath({ resource: 'radiusbatches', type: 'list' }) }}
        actions={
          <>
            {batch.pdf_link && (
              <Button variant="contained" href={batch.pdf_link}>
                {say('Vouchers (PDF)')}
              </Button>
            )}
            {batch.csvfile && (
              <Button variant="outlined" href={batch.csvfile}>
                {say('The file')}
              </Button>
            )}
            <MoreMenu label="More about this batch" actions={ended && deletion.action ? [deletion.action] : []} />
          </>
        }
        facts={
          <>
            <Status {...batchStatus(batch.status)} />
            <span>
              <Reference resource="organizations" id={batch.organization} />
            </span>
            {batch.expiration_date && <span>{say('until %{expiration_date}', { expiration_date: batch.expiration_date })}</span>}
            <span>
              {say('Created')}{' '}<Moment at={batch.created} />
            </span>
          </>
        }
      />
      {deletion.question}
    </>
  );
}

function Users({ batch }: { batch: Batch }) {
  const say = useText();
  const passwords = new Map(batch.user_credentials ?? []);
  if (batch.number_of_users === 0) return <p className="w-secondary">{batch.status === 'failed' ? say('It failed, and nobody was created.') : say('Nobody yet.')}</p>;
  return (
    <>
      <table className="w-table">
        <thead>
          <tr>
            <th>{say('User')}</th>
            <th>{say('E-mail')}</th>
            {passwords.size > 0 && <th>{say('Password')}</th>}
          </tr>
        </thead>
        <tbody>
          {batch.users.slice(0, 100).map(({ id, username, email }) => (
            <tr key={id}>
              <td>{username}</td>
              <td>{email}</td>
              {passwords.size > 0 && <td className="w-mono">{passwords.get(username)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
      {batch.number_of_users > 100 && <p className="w-small w-muted">{say('The first 100 of %{number_of_users} are shown.', { number_of_users: batch.number_of_users.toLocaleString() })}</p>}
    </>
  );
}

/** The page. */
export default function BatchShow() {
  return (
    <EditPage<Batch> what="batch" header={(batch) => <Header batch={batch} />} bar={null}>
      <BatchContents />
    </EditPage>
  );
}

function BatchContents() {
  const say = useText();
  const batch = useRecordContext<Batch>();
  if (!batch) return null;
  return (
    <div className="w-stack w-form">
      {(batch.status === 'pending' || batch.status === 'processing') && <Alert severity="info">{say('It is being made in the background. You are told when it has ended.')}</Alert>}
      <Card title={`${batch.number_of_users.toLocaleString()} ${batch.number_of_users === 1 ? 'user' : 'users'}`}>
        <Users batch={batch} />
      </Card>
      {batch.notes && (
        <Card title="Notes">
          <p>{batch.notes}</p>
        </Card>
      )}
    </div>
  );
}
