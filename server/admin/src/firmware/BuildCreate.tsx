// The page that adds a build.
import { CreatePage } from '../forms/EditPage';
import { FormToolbar } from '../forms/FormParts';
import { BuildForm, changedBuild } from './BuildForm';

/** The page. */
export default function BuildCreate() {
  return (
    <CreatePage title="Add a firmware build" list="Firmware builds" defaultValues={{ version: '', os: '', changelog: '' }} transform={changedBuild as never} bar={<FormToolbar create verb="Add build" />}>
      <div className="w-form">
        <BuildForm />
      </div>
    </CreatePage>
  );
}
