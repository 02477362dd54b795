// The form of a threshold of an organization or a group, and its two pages.
import { useQuery } from '@tanstack/react-query';
import { AutocompleteInput, NumberInput, ReferenceInput, required, SelectInput, useCreatePath, useDataProvider } from 'react-admin';
import { useWatch } from 'react-hook-form';
import { MoreMenu } from '../design/MoreMenu';
import { ObjectHeader } from '../design/ObjectHeader';
import { useText } from '../design/useText';
import { CreatePage, EditPage } from '../forms/EditPage';
import { Columns, FormCard, FormProblems, FormToolbar, Locked, useDeletion, useMayChange } from '../forms/FormParts';
import { Reference } from '../lists/Reference';
import { OrganizationInput } from '../tenancy/references';
import { type AlertDefault, thresholdInWords } from './healthTypes';
import type { MonitoringProvider } from './operations';

/** What the API takes: what is empty is inherited. */
export function defaultBody({ organization, group, configuration, is_active, operator, threshold, tolerance }: Partial<Record<keyof AlertDefault, unknown>>): Record<string, unknown> {
  const or = (value: unknown) => (value === undefined || value === '' ? null : value);
  const active = or(is_active);
  return { organization, group: or(group), configuration, is_active: active === null ? null : String(active) === 'true', operator: or(operator), threshold: or(threshold), tolerance: or(tolerance) };
}

function Contents({ create = false }: { create?: boolean }) {
  const say = useText();
  const provider = useDataProvider<MonitoringProvider>();
  const change = useMayChange('alert-defaults');
  const { data: kinds = [] } = useQuery({ queryKey: ['monitoring', 'kinds'], queryFn: () => provider.thresholdKinds(), staleTime: 300_000 });
  const organization = useWatch({ name: 'organization' }) as string | undefined;
  const configuration = useWatch({ name: 'configuration' }) as string | undefined;
  const kind = kinds.find(({ id }) => id === configuration);
  return (
    <div className="w-stack w-form">
      <FormProblems />
      <Locked locked={!create && !change}>
        <div className="w-stack">
          <FormCard title="Which devices">
            <Columns>
              <OrganizationInput source="organization" readOnly={!create} />
              <ReferenceInput source="group" reference="devicegroups" filter={organization ? { organization } : {}} enableGetChoices={() => !!organization}>
                <AutocompleteInput label="Group" optionText="name" filterToQuery={(q: string) => ({ q })} helperText="Empty: all devices of the organization" readOnly={!create} fullWidth />
              </ReferenceInput>
            </Columns>
          </FormCard>
          <FormCard title="Threshold">
            <SelectInput source="configuration" label="Metric" validate={required()} choices={kinds.map(({ id, label }) => ({ id, name: label }))} readOnly={!create} helperText={kind ? say('Else: not well when %{kind}', { kind: thresholdInWords(kind) }) : false} fullWidth />
            <Columns>
              <SelectInput source="operator" label="Not well when it is" emptyText="as inherited" choices={[{ id: '<', name: 'less than' }, { id: '>', name: 'more than' }]} helperText={false} fullWidth />
              <NumberInput source="threshold" label="Threshold" helperText="Empty: as inherited" fullWidth />
              <NumberInput source="tolerance" label="People are told after" min={0} max={10080} helperText="Minutes; empty: as inherited" fullWidth />
              <SelectInput source="is_active" label="People are told" emptyText="as inherited" format={(value: unknown) => (value === null || value === undefined ? '' : String(value))} choices={[{ id: 'true', name: 'yes' }, { id: 'false', name: 'no' }]} helperText={false} fullWidth />
            </Columns>
          </FormCard>
        </div>
      </Locked>
    </div>
  );
}

function Header({ row }: { row: AlertDefault }) {
  const say = useText();
  const createPath = useCreatePath();
  const deletion = useDeletion('threshold', say('the threshold of %{label}', { label: row.label }), 'Its devices have the threshold of the organization, or of the metric, then.');
  return (
    <>
      <ObjectHeader
        title={row.label}
        above={{ label: 'Thresholds', to: createPath({ resource: 'alert-defaults', type: 'list' }) }}
        actions={<MoreMenu label="More about this threshold" actions={deletion.action ? [deletion.action] : []} />}
        facts={
          <>
            <span>
              <Reference resource="organizations" id={row.organization} />
            </span>
            <span>{row.group ? <Reference resource="devicegroups" id={row.group} /> : say('all devices')}</span>
          </>
        }
      />
      {deletion.question}
    </>
  );
}

/** The page of one. */
export function AlertDefaultEdit() {
  return (
    <EditPage<AlertDefault> what="threshold" transform={defaultBody as never} header={(row) => <Header row={row} />} bar={<FormToolbar locked={!useMayChange('alert-defaults')} />}>
      <Contents />
    </EditPage>
  );
}

/** The page that adds one. */
export function AlertDefaultCreate() {
  return (
    <CreatePage title="Add a threshold" list="Thresholds" defaultValues={{ group: null, operator: null, threshold: null, tolerance: null, is_active: null }} transform={defaultBody as never} bar={<FormToolbar create verb="Add threshold" />}>
      <Contents create />
    </CreatePage>
  );
}
