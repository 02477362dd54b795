// The form of a metric that an organization declares.
import { BooleanInput, NumberInput, required, SelectInput, TextInput } from 'react-admin';
import { useFormContext, useWatch } from 'react-hook-form';
import { Columns, FormCard, FormProblems } from '../forms/FormParts';
import { OrganizationInput } from '../tenancy/references';
import type { CustomMetric } from './types';
import { keyOf } from './values';

const text = (value: string) => value ?? '';

/** The inputs. */
export function CustomMetricForm({ locked = false, metric }: { locked?: boolean; metric?: CustomMetric }) {
  const operator = useWatch({ name: 'operator' }) as string;
  const { setValue, getFieldState } = useFormContext();
  // the key follows the name until somebody types one
  const follow = (name: string) => {
    if (!metric && !getFieldState('key').isDirty) setValue('key', keyOf(name));
  };
  return (
    <div className="w-stack">
      <FormCard title="Metric">
        <FormProblems />
        <Columns>
          <TextInput source="name" validate={required()} readOnly={locked} onChange={(event: { target: { value: string } }) => follow(event.target.value)} helperText={false} fullWidth />
          <OrganizationInput source="organization" readOnly={locked || !!metric} />
          <TextInput source="path" label="Place in the document" validate={required()} readOnly={locked} helperText="Such as /resources/temperature or /interfaces/name=wan/statistics/rx_errors" fullWidth />
          <TextInput source="key" validate={required()} readOnly={locked || !!metric} helperText="Names it in exports; it cannot be changed" fullWidth />
          <BooleanInput source="counter" label="Counter" readOnly={locked} helperText="It only grows: by how much it grew is shown" />
          <BooleanInput source="is_active" label="Measured" readOnly={locked} helperText={false} />
        </Columns>
      </FormCard>
      <FormCard title="Chart">
        <Columns>
          <SelectInput
            source="chart"
            choices={[
              { id: 'line', name: 'Line' },
              { id: 'bar', name: 'Bars' },
            ]}
            emptyText="None"
            emptyValue=""
            parse={text}
            readOnly={locked}
            helperText={false}
            fullWidth
          />
          <TextInput source="unit" readOnly={locked} parse={text} helperText="Stands behind values, such as °C" fullWidth />
          <TextInput source="description" readOnly={locked} parse={text} helperText={false} fullWidth />
        </Columns>
      </FormCard>
      <FormCard title="Threshold" note="a device has a problem while it is crossed">
        <Columns>
          <SelectInput
            source="operator"
            choices={[
              { id: '>', name: 'Above' },
              { id: '<', name: 'Below' },
            ]}
            emptyText="None"
            emptyValue=""
            parse={text}
            readOnly={locked}
            helperText={false}
            fullWidth
          />
          {operator && <NumberInput source="threshold" validate={required()} readOnly={locked} helperText={false} fullWidth />}
          {operator && <NumberInput source="tolerance" min={0} readOnly={locked} helperText="Minutes for which it may be crossed" fullWidth />}
        </Columns>
      </FormCard>
    </div>
  );
}

/** What the API takes. */
export function customMetricBody(record: Partial<CustomMetric>): Partial<CustomMetric> {
  const { name, organization, key, path, counter, is_active, chart, unit, description, operator, threshold, tolerance } = record;
  return {
    name,
    organization,
    key,
    path,
    counter: counter ?? false,
    is_active: is_active ?? true,
    chart: chart ?? '',
    unit: unit ?? '',
    description: description ?? '',
    operator: operator ?? '',
    threshold: operator ? threshold : null,
    tolerance: operator ? (tolerance ?? 0) : 0,
  };
}
