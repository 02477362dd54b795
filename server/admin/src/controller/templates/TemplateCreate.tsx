import { Create } from 'react-admin';
import { TemplateForm, templateBody } from './TemplateForm';

/** The page that adds a template. */
export default function TemplateCreate() {
  return (
    <Create redirect="edit" transform={templateBody}>
      <TemplateForm create />
    </Create>
  );
}
