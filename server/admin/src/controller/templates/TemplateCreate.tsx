// The page that adds a template.
import { useSuperuser } from '../../tenancy/references';
import { CreatePage } from '../../forms/EditPage';
import { FormToolbar } from '../../forms/FormParts';
import { defaultBackend } from '../backends';
import { TemplateForm, templateBody } from './TemplateForm';

/** The page. */
export default function TemplateCreate() {
  const superuser = useSuperuser();
  return (
    <CreatePage
      title="Create a template"
      list="Templates"
      transform={templateBody}
      defaultValues={{ name: '', type: 'generic', backend: defaultBackend, default: false, required: false, tag_names: [], default_values: {}, config: {}, organization: superuser ? null : undefined }}
      bar={<FormToolbar create verb="Create template" />}
    >
      <TemplateForm create />
    </CreatePage>
  );
}
