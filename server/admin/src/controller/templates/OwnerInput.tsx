import { useInput } from 'react-admin';
import { FieldInput } from '../tasks/FieldInput';
import { useManagedOrganizations, useSuperuser } from '../../tenancy/managed';
import { useText } from '../../design/useText';
import { templateTexts as t } from './texts';

/** What the choice of all organizations is called inside; the API says null. */
const all = 'all';

/**
 * Chooses whose a template is. Sharing it with everybody is a choice of its own, and none is made beforehand, unless
 * there is only one organization to choose.
 */
export function OwnerInput({ source, disabled }: { source: string; disabled?: boolean }) {
  const organizations = useManagedOrganizations();
  const say = useText();
  const superuser = useSuperuser();
  const [only, more] = organizations;
  const single = !superuser && more === undefined ? only?.id : undefined;
  const { field, fieldState } = useInput({
    source,
    defaultValue: single,
    validate: (value: unknown) => (value === undefined || value === '' ? t.ownerNeeded : undefined),
    format: (value: unknown) => value,
    parse: (value: unknown) => value,
  });
  if (single !== undefined && (field.value === undefined || field.value === single)) return null;
  const value = field.value === null ? all : (field.value ?? '');
  const choices = organizations.map(({ id, name }) => ({ value: id, label: name }));
  return (
    <FieldInput
      id="owner"
      label={say(t.owner)}
      kind="choice"
      value={value}
      choices={superuser || field.value === null ? [...choices, { value: all, label: say(t.shared) }] : choices}
      onChange={(next) => field.onChange(next === all ? null : next)}
      onBlur={field.onBlur}
      problem={say(fieldState.error?.message)}
      help={value === all ? say(t.ownerHelp) : undefined}
      disabled={disabled}
    />
  );
}
