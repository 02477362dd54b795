// The page that adds access credentials.
import { CreatePage } from '../forms/EditPage';
import { FormToolbar } from '../forms/FormParts';
import { CredentialsForm } from './CredentialsForm';
import { connectors } from './looks';

/** The page. */
export default function CredentialsCreate() {
  return (
    <CreatePage
      title="Add access credentials"
      list="Access credentials"
      defaultValues={{ name: '', auto_add: false, connector: connectors[0].id, params: { username: 'root', port: 22 } }}
      bar={<FormToolbar create verb="Add credentials" />}
    >
      <CredentialsForm create />
    </CreatePage>
  );
}
