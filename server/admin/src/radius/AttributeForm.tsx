// The form of a check, or of a reply, of a user, with its pages.
import { useCreatePath, required, SelectInput, TextInput } from 'react-admin';
import { useWatch } from 'react-hook-form';
import { Moment } from '../design/Moment';
import { MoreMenu } from '../design/MoreMenu';
import { ObjectHeader } from '../design/ObjectHeader';
import { SecretInput } from '../design/SecretInput';
import { useText } from '../design/useText';
import { CreatePage, EditPage } from '../forms/EditPage';
import { Columns, FormCard, FormProblems, FormToolbar, Locked, useDeletion, useMayChange } from '../forms/FormParts';
import { Reference } from '../lists/Reference';
import { OrganizationInput } from '../tenancy/references';
import { userAttributes } from './AttributeList';
import type { AttributeKind } from './operations';
import type { UserAttribute } from './types';
import { isSecret, meaning } from './words';

const resources = { check: 'radiuschecks', reply: 'radiusreplies' };

function Value() {
  const [attribute, value] = useWatch({ name: ['attribute', 'value'] }) as [string, string];
  if (isSecret(attribute ?? '')) return <SecretInput source="value" name="value" helperText="As FreeRADIUS knows it: hexadecimal digits or base64 for hashes" />;
  return <TextInput source="value" validate={required()} helperText={meaning(attribute ?? '', value ?? '') || false} fullWidth />;
}

function Form({ kind, create = false }: { kind: AttributeKind; create?: boolean }) {
  const say = useText();
  const change = useMayChange(resources[kind]);
  const { one, operators, known } = userAttributes[kind];
  return (
    <div className="w-stack w-form">
      <FormProblems />
      <Locked locked={!create && !change}>
        <FormCard title={one.charAt(0).toUpperCase() + one.slice(1)}>
          <TextInput source="username" validate={required()} label="User" helperText="Name of the account" fullWidth />
          <OrganizationInput source="organization" />
          <Columns>
            <TextInput source="attribute" validate={required()} helperText={say('Such as %{known}', { known: known.slice(0, 3).join(', ') })} inputProps={{ list: 'r-known' }} fullWidth />
            <SelectInput source="op" label="Operator" choices={operators.map((op) => ({ id: op, name: op }))} helperText={false} fullWidth />
          </Columns>
          <datalist id="r-known">
            {known.map((name) => (
              <option key={name} value={name} />
            ))}
          </datalist>
          <Value />
        </FormCard>
      </Locked>
    </div>
  );
}

/** The page that adds one. */
export function AttributeCreate({ kind }: { kind: AttributeKind }) {
  const say = useText();
  const { title, one, operators } = userAttributes[kind];
  return (
    <CreatePage title={say('Add a %{one}', { one })} list={title} defaultValues={{ username: '', attribute: '', op: operators[0], value: '' }} bar={<FormToolbar create verb={say('Add %{one}', { one })} />}>
      <Form kind={kind} create />
    </CreatePage>
  );
}

/** What the form may change. */
export function changedAttribute({ organization, username, attribute, op, value }: Partial<UserAttribute>): Partial<UserAttribute> {
  return { organization, username, attribute, op, value };
}

function Header({ kind, row }: { kind: AttributeKind; row: UserAttribute }) {
  const say = useText();
  const createPath = useCreatePath();
  const { title, one, loss } = userAttributes[kind];
  const deletion = useDeletion(one, say('%{attribute} of %{username}', { attribute: row.attribute, username: row.username }), loss);
  return (
    <>
      <ObjectHeader
        title={row.username}
        above={{ label: title, to: createPath({ resource: resources[kind], type: 'list' }) }}
        actions={<MoreMenu label={say('More about this %{one}', { one })} actions={deletion.action ? [deletion.action] : []} />}
        facts={
          <>
            <span>{row.attribute}</span>
            <span>
              <Reference resource="organizations" id={row.organization} />
            </span>
            <span>
              {say('Changed')}{' '}<Moment at={row.modified} />
            </span>
          </>
        }
      />
      {deletion.question}
    </>
  );
}

function Bar({ kind }: { kind: AttributeKind }) {
  return <FormToolbar locked={!useMayChange(resources[kind])} />;
}

/** The page of one. */
export function AttributeEdit({ kind }: { kind: AttributeKind }) {
  return (
    <EditPage<UserAttribute> what={userAttributes[kind].one} transform={changedAttribute} header={(row) => <Header kind={kind} row={row} />} bar={<Bar kind={kind} />}>
      <Form kind={kind} />
    </EditPage>
  );
}
