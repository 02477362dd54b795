// The page of a login page.
import { useCreatePath } from 'react-admin';
import { Moment } from '../design/Moment';
import { MoreMenu } from '../design/MoreMenu';
import { ObjectHeader } from '../design/ObjectHeader';
import { useText } from '../design/useText';
import { EditPage } from '../forms/EditPage';
import { FormToolbar, useDeletion, useMayChange } from '../forms/FormParts';
import { Reference } from '../lists/Reference';
import { LoginPageForm } from './LoginPageForm';
import type { LoginPage } from './types';
import { withoutEmpty } from './words';

/** What the form may change. */
export function changedPage({ organization, variant, document, disabled }: Partial<LoginPage>, { previousData }: { previousData?: Partial<LoginPage> } = {}): Partial<LoginPage> {
  return { organization, variant, document: (withoutEmpty(document, previousData?.document) ?? {}) as Record<string, unknown>, disabled };
}

function Header({ page }: { page: LoginPage }) {
  const say = useText();
  const createPath = useCreatePath();
  const deletion = useDeletion('login page', page.variant, 'The organization has the standard page again.');
  return (
    <>
      <ObjectHeader
        title={page.variant}
        above={{ label: 'Login pages', to: createPath({ resource: 'loginpages', type: 'list' }) }}
        actions={<MoreMenu label="More about this login page" actions={deletion.action ? [deletion.action] : []} />}
        facts={
          <>
            <span>
              <Reference resource="organizations" id={page.organization} />
            </span>
            <span>
              {say('Changed')}{' '}<Moment at={page.modified} />
            </span>
          </>
        }
      />
      {deletion.question}
    </>
  );
}

function Bar() {
  return <FormToolbar locked={!useMayChange('loginpages')} />;
}

/** The page. */
export default function LoginPageEdit() {
  return (
    <EditPage<LoginPage> what="login page" transform={changedPage} header={(page) => <Header page={page} />} bar={<Bar />}>
      <LoginPageForm />
    </EditPage>
  );
}
