// The form of a time of maintenance, and its two pages. Dates are those of the zone that is chosen.
import { AutocompleteArrayInput, AutocompleteInput, ReferenceArrayInput, ReferenceInput, required, SelectInput, TextInput, useCreatePath } from 'react-admin';
import { useWatch } from 'react-hook-form';
import { MoreMenu } from '../design/MoreMenu';
import { ObjectHeader } from '../design/ObjectHeader';
import { Status } from '../design/Status';
import { CreatePage, EditPage } from '../forms/EditPage';
import { Columns, FormCard, FormProblems, FormToolbar, Locked, useDeletion, useMayChange } from '../forms/FormParts';
import { Reference } from '../lists/Reference';
import { OrganizationInput } from '../tenancy/references';
import type { Maintenance } from './healthTypes';
import { localOf, momentOf, timesInWords, zones } from './maintenance';
import { timezone } from './operations';

/** The fields of the form: clocks of the zone in place of moments. */
export function maintenanceFields(row: Maintenance): Record<string, unknown> {
  return { ...row, from: localOf(row.start, row.time_zone), to: localOf(row.end, row.time_zone), last: localOf(row.until, row.time_zone) };
}

/** What the API takes. */
export function maintenanceBody(fields: Record<string, unknown>): Record<string, unknown> {
  const zone = String(fields.time_zone || 'UTC');
  const moment = (value: unknown) => (typeof value === 'string' && value !== '' ? momentOf(value, zone) : null);
  return {
    organization: fields.organization, name: fields.name, start: moment(fields.from), end: moment(fields.to), repeat: fields.repeat ?? '', time_zone: zone,
    until: fields.repeat ? moment(fields.last) : null, group: fields.group || null, devices: fields.devices ?? [],
  };
}

const clock = { type: 'datetime-local', InputLabelProps: { shrink: true } } as const;

function Contents({ create = false }: { create?: boolean }) {
  const change = useMayChange('maintenance');
  const organization = useWatch({ name: 'organization' }) as string | undefined;
  const repeat = useWatch({ name: 'repeat' }) as string | undefined;
  const within = organization ? { organization } : {};
  return (
    <div className="w-stack w-form">
      <FormProblems />
      <Locked locked={!create && !change}>
        <div className="w-stack">
          <FormCard title="What">
            <Columns>
              <TextInput source="name" label="Name" validate={required()} helperText="What is done, such as: new uplink" fullWidth />
              <OrganizationInput source="organization" readOnly={!create} />
              <ReferenceInput source="group" reference="devicegroups" filter={within} enableGetChoices={() => !!organization}>
                <AutocompleteInput label="Group" optionText="name" filterToQuery={(q: string) => ({ q })} helperText="Limits it to a group" fullWidth />
              </ReferenceInput>
              <ReferenceArrayInput source="devices" reference="devices" filter={within} enableGetChoices={() => !!organization}>
                <AutocompleteArrayInput label="Devices" optionText="name" filterToQuery={(q: string) => ({ q })} helperText="Limits it to some devices; neither: all" fullWidth />
              </ReferenceArrayInput>
            </Columns>
          </FormCard>
          <FormCard title="When">
            <Columns>
              <TextInput source="from" label="From" validate={required()} helperText={false} fullWidth {...clock} />
              <TextInput source="to" label="To" validate={required()} helperText={false} fullWidth {...clock} />
              <AutocompleteInput source="time_zone" label="Time zone" validate={required()} choices={zones().map((id) => ({ id, name: id }))} helperText="Of these times, also when clocks are changed" fullWidth />
              <SelectInput source="repeat" label="Repeated" format={(value: unknown) => value || 'once'} parse={(value: unknown) => (value === 'once' ? '' : value)} choices={[{ id: 'once', name: 'once' }, { id: 'daily', name: 'every day' }, { id: 'weekly', name: 'every week' }]} helperText={false} fullWidth />
              {repeat ? <TextInput source="last" label="Until" helperText="Empty: for ever" fullWidth {...clock} /> : null}
            </Columns>
          </FormCard>
        </div>
      </Locked>
    </div>
  );
}

function Header({ row }: { row: Maintenance }) {
  const createPath = useCreatePath();
  const deletion = useDeletion('maintenance', row.name, 'People are told of problems again.');
  return (
    <>
      <ObjectHeader
        title={row.name}
        above={{ label: 'Maintenance', to: createPath({ resource: 'maintenance', type: 'list' }) }}
        pill={row.active ? <Status status="waiting" word="under way" /> : undefined}
        actions={<MoreMenu label="More about this maintenance" actions={deletion.action ? [deletion.action] : []} />}
        facts={
          <>
            <span>
              <Reference resource="organizations" id={row.organization} />
            </span>
            <span>{timesInWords(row)}</span>
          </>
        }
      />
      {deletion.question}
    </>
  );
}

/** The page of one. */
export function MaintenanceEdit() {
  return (
    <EditPage<Maintenance> what="maintenance" transform={maintenanceBody as never} defaultValues={maintenanceFields} header={(row) => <Header row={row} />} bar={<FormToolbar locked={!useMayChange('maintenance')} />}>
      <Contents />
    </EditPage>
  );
}

/** The page that adds one: tonight, for an hour. */
export function MaintenanceCreate() {
  const today = localOf(new Date().toISOString(), timezone).slice(0, 10);
  return (
    <CreatePage title="Plan maintenance" list="Maintenance" defaultValues={{ name: '', group: null, devices: [], repeat: '', time_zone: timezone, from: `${today}T22:00`, to: `${today}T23:00`, last: '' }} transform={maintenanceBody as never} bar={<FormToolbar create verb="Plan maintenance" />}>
      <Contents create />
    </CreatePage>
  );
}
