import { useRecordContext } from 'react-admin';
import { useFormState } from 'react-hook-form';
import { useText } from '../../design/useText';
import { devicesOf } from '../devices/deletable';
import { useDeviceCount } from '../templates/UsedBy';

/** How many devices the variables of an organization are in; the other settings touch none. */
export default function Touched() {
  const say = useText();
  const organization = useRecordContext();
  const { dirtyFields } = useFormState();
  const variables = Boolean((dirtyFields.settings as { context?: unknown } | undefined)?.context);
  const count = useDeviceCount({ organization: organization?.id }, variables);
  if (!variables || count === undefined) return <>{say('Settings changed')}</>;
  return <>{count === 0 ? say('The organization has no devices') : say('The variables reach %{count}', { count: devicesOf(count) })}</>;
}
