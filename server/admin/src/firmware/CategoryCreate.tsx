// The page that adds a category.
import { CreatePage } from '../forms/EditPage';
import { FormToolbar } from '../forms/FormParts';
import { CategoryForm, changedCategory } from './CategoryForm';

/** The page. */
export default function CategoryCreate() {
  return (
    <CreatePage title="Add a firmware category" list="Firmware categories" defaultValues={{ name: '', organization: '', description: '' }} transform={changedCategory as never} bar={<FormToolbar create verb="Add category" />}>
      <div className="w-form">
        <CategoryForm />
      </div>
    </CreatePage>
  );
}
