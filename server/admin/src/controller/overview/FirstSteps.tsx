// The first hour: what there is to do until a network is managed, gone when it is done.
import { Button } from '@mui/material';
import { Check } from 'lucide-react';
import { useState } from 'react';
import { useGetList } from 'react-admin';
import { Link } from 'react-router-dom';
import { Card } from '../../design/Card';
import { useText } from '../../design/useText';
import { useDashboard } from './Fleet';

const remembered = 'wispwright.firstSteps';

/** How many objects a resource has; undefined until it is known, or when one may not see them. */
function useCount(resource: string, enabled: boolean): number | undefined {
  const { total } = useGetList(resource, { pagination: { page: 1, perPage: 1 }, sort: { field: 'created', order: 'DESC' }, filter: {} }, { enabled, retry: false, staleTime: 60_000 });
  return total;
}

/** The steps, those that are done too. */
export function stepsOf(has: { organizations?: number; devices?: number; templates?: number; applied?: number }) {
  return [
    { text: 'Add an organization', done: (has.organizations ?? 0) > 0, to: '/organizations/create' },
    { text: 'Connect the first device', done: (has.devices ?? 0) > 0, to: '/devices' },
    { text: 'Make a template, a Wi-Fi for instance', done: (has.templates ?? 0) > 0, to: '/templates/create' },
    { text: 'See it applied', done: (has.applied ?? 0) > 0, to: '/devices' },
  ];
}

/** The card; nothing once everything is done, or hidden. */
export default function FirstSteps() {
  const say = useText();
  const [over, setOver] = useState(localStorage.getItem(remembered) !== null);
  const { data } = useDashboard();
  const young = !over && data !== undefined && (data.devices === 0 || (data.config_status.applied ?? 0) === 0);
  const organizations = useCount('organizations', young);
  const templates = useCount('templates', young);
  if (!young || organizations === undefined || templates === undefined) return null;
  const steps = stepsOf({ organizations, devices: data.devices, templates, applied: data.config_status.applied });
  const next = steps.findIndex(({ done }) => !done);
  const hide = () => {
    localStorage.setItem(remembered, 'hidden');
    setOver(true);
  };
  return (
    <Card
      title="First steps"
      note={say('%{number} of %{number2}', { number: steps.filter(({ done }) => done).length, number2: steps.length })}
      more={
        <Button color="inherit" onClick={hide}>
          {say('Hide')}
        </Button>
      }
    >
      <ol className="w-steps">
        {steps.map(({ text, done, to }, index) => (
          <li key={text} className={done ? 'w-done' : undefined}>
            <i aria-hidden="true">{done ? <Check size={14} /> : index + 1}</i>
            {index === next ? (
              <Link className="w-link w-medium" to={to}>
                {text}
              </Link>
            ) : (
              <span>{text}</span>
            )}
            {done && <span className="w-hidden">{say(', done')}</span>}
          </li>
        ))}
      </ol>
    </Card>
  );
}
