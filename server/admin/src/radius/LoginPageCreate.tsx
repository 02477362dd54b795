// The page that adds a login page.
import { CreatePage } from '../forms/EditPage';
import { FormToolbar } from '../forms/FormParts';
import { changedPage } from './LoginPageEdit';
import { LoginPageForm } from './LoginPageForm';

/** The page. */
export default function LoginPageCreate() {
  return (
    <CreatePage title="Add a login page" list="Login pages" transform={(data: never) => changedPage(data)} defaultValues={{ variant: 'main', document: {}, disabled: false }} bar={<FormToolbar create verb="Add login page" />}>
      <LoginPageForm create />
    </CreatePage>
  );
}
