// The page of access credentials.
import { useCreatePath } from 'react-admin';
import { Moment } from '../design/Moment';
import { MoreMenu } from '../design/MoreMenu';
import { ObjectHeader } from '../design/ObjectHeader';
import { useText } from '../design/useText';
import { EditPage } from '../forms/EditPage';
import { FormToolbar, useDeletion, useMayChange } from '../forms/FormParts';
import { Reference } from '../lists/Reference';
import { CredentialsForm } from './CredentialsForm';
import { connectorName } from './looks';
import type { Credentials } from './types';

/** What the form may change. */
export function changedCredentials({ name, organization, connector, auto_add, params }: Partial<Credentials>): Partial<Credentials> {
  return { name, organization, connector, auto_add, params };
}

function Header({ credentials }: { credentials: Credentials }) {
  const say = useText();
  const createPath = useCreatePath();
  const deletion = useDeletion('credentials', credentials.name, 'The connections of devices with them are deleted too: those devices are told nothing any more, and wait until they ask.');
  return (
    <>
      <ObjectHeader
        title={credentials.name}
        above={{ label: 'Access credentials', to: createPath({ resource: 'credentials', type: 'list' }) }}
        actions={<MoreMenu label="More about these credentials" actions={deletion.action ? [deletion.action] : []} />}
        facts={
          <>
            <span>{connectorName(credentials.connector)}</span>
            <span>
              <Reference resource="organizations" id={credentials.organization} none="shared" />
            </span>
            <span>
              {say('Changed')}{' '}<Moment at={credentials.modified} />
            </span>
          </>
        }
      />
      {deletion.question}
    </>
  );
}

function Bar() {
  return <FormToolbar locked={!useMayChange('credentials')} />;
}

/** The page. */
export default function CredentialsEdit() {
  return (
    <EditPage<Credentials> what="credentials" transform={changedCredentials} header={(credentials) => <Header credentials={credentials} />} bar={<Bar />}>
      <CredentialsForm />
    </EditPage>
  );
}
