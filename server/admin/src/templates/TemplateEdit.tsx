import { Edit, useRecordContext } from 'react-admin';
import type { Template } from '../api/types';
import { wholeObject } from '../app/FormParts';
import { TemplateForm, templateBody } from './TemplateForm';

function Title() {
  const template = useRecordContext<Template>();
  return <span>{template?.name}</span>;
}

/** The page of a template. */
export default function TemplateEdit() {
  return (
    <Edit {...wholeObject} title={<Title />} mutationMode="pessimistic" redirect={false} transform={templateBody}>
      <TemplateForm />
    </Edit>
  );
}
