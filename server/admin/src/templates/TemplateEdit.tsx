import { Edit, useRecordContext } from 'react-admin';
import type { Template } from '../api/types';
import { TemplateForm, templateBody } from './TemplateForm';

function Title() {
  const template = useRecordContext<Template>();
  return <span>{template?.name}</span>;
}

/** The page of a template. */
export default function TemplateEdit() {
  return (
    <Edit title={<Title />} mutationMode="pessimistic" redirect={false} transform={templateBody}>
      <TemplateForm />
    </Edit>
  );
}
