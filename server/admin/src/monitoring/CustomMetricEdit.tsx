// The page of a metric that an organization declared.
import { useCreatePath, useRecordContext, useResourceContext } from 'react-admin';
import { MoreMenu } from '../design/MoreMenu';
import { ObjectHeader } from '../design/ObjectHeader';
import { Status } from '../design/Status';
import { EditPage } from '../forms/EditPage';
import { FormToolbar, useDeletion, useMayChange } from '../forms/FormParts';
import { Reference } from '../lists/Reference';
import { CustomMetricForm, customMetricBody } from './CustomMetricForm';
import type { CustomMetric } from './types';

function Header({ metric }: { metric: CustomMetric }) {
  const resource = useResourceContext();
  const createPath = useCreatePath();
  const deletion = useDeletion('metric', metric.name, 'Its charts and thresholds go with it; what was measured stays in the time series.');
  return (
    <>
      <ObjectHeader
        title={metric.name}
        above={{ label: 'Custom metrics', to: createPath({ resource, type: 'list' }) }}
        pill={<Status status={metric.is_active ? 'ok' : 'off'} word={metric.is_active ? 'Measured' : 'Switched off'} />}
        actions={deletion.action ? <MoreMenu label="More about this metric" actions={[deletion.action]} /> : undefined}
        facts={
          <>
            <span>
              <Reference resource="organizations" id={metric.organization} />
            </span>
            <span>
              <code>{metric.path}</code>
            </span>
          </>
        }
      />
      {deletion.question}
    </>
  );
}

function Contents() {
  const metric = useRecordContext<CustomMetric>();
  const change = useMayChange('custom-metrics');
  if (!metric) return null;
  return (
    <div className="w-form">
      <CustomMetricForm locked={!change} metric={metric} />
    </div>
  );
}

/** The page. */
export default function CustomMetricEdit() {
  return (
    <EditPage<CustomMetric>
      what="metric"
      header={(metric) => <Header metric={metric} />}
      compared={['name', 'path', 'counter', 'unit', 'chart', 'description', 'operator', 'threshold', 'tolerance', 'is_active']}
      transform={customMetricBody as never}
      bar={<FormToolbar />}
    >
      <Contents />
    </EditPage>
  );
}
