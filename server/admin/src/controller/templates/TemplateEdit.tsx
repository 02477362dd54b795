import { CloneButton, Edit, TopToolbar, useRecordContext } from 'react-admin';
import type { Template } from '../types';
import { wholeObject } from '../../forms/FormParts';
import { TemplateForm, templateBody } from './TemplateForm';

function Title() {
  const template = useRecordContext<Template>();
  return <span>{template?.name}</span>;
}

function Actions() {
  return (
    <TopToolbar>
      <CloneButton />
    </TopToolbar>
  );
}

/** The page of a template. */
export default function TemplateEdit() {
  return (
    <Edit {...wholeObject} title={<Title />} actions={<Actions />} mutationMode="pessimistic" redirect={false} transform={templateBody}>
      <TemplateForm />
    </Edit>
  );
}
