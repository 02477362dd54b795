// The page that declares a metric.
import { CreatePage } from '../forms/EditPage';
import { FormToolbar } from '../forms/FormParts';
import { CustomMetricForm, customMetricBody } from './CustomMetricForm';

/** The page. */
export default function CustomMetricCreate() {
  return (
    <CreatePage
      title="Declare a metric"
      list="Custom metrics"
      defaultValues={{ name: '', key: '', path: '', counter: false, is_active: true, chart: 'line', unit: '', description: '', operator: '', threshold: null, tolerance: 0 }}
      transform={customMetricBody as never}
      bar={<FormToolbar create verb="Declare metric" />}
    >
      <div className="w-form">
        <CustomMetricForm />
      </div>
    </CreatePage>
  );
}
