// Chooses the events of a webhook: all, or some by name.
import { Checkbox, FormControlLabel, Switch } from '@mui/material';
import { useState } from 'react';
import { useController } from 'react-hook-form';
import { Field } from '../../design/Field';
import { Failed, Loading } from '../../design/states';
import { useText } from '../../design/useText';
import { byArea, everything } from './formats';
import { useEvents } from './useEvents';

/** The picker. */
export function EventPicker({ source, locked }: { source: string; locked: boolean }) {
  const say = useText();
  const { field, fieldState } = useController({ name: source });
  const { data, error, isPending, refetch } = useEvents();
  const [text, setText] = useState('');
  const chosen = (field.value as string[] | undefined) ?? [];
  const all = chosen.includes(everything);
  if (isPending) return <Loading rows={4} />;
  if (error) return <Failed reason={error.message} onRetry={() => void refetch()} />;
  const wanted = text.trim().toLowerCase();
  const found = data.filter(({ name, label }) => `${name} ${label}`.toLowerCase().includes(wanted));
  const set = (names: string[]) => field.onChange([...new Set(names)].sort());
  return (
    <fieldset disabled={locked} className="n-events">
      <legend className="w-hidden">{say('Events')}</legend>
      <FormControlLabel control={<Switch checked={all} disabled={locked} onChange={(_, on) => set(on ? [everything] : [])} />} label={say('All events, also those of later versions')} />
      {fieldState.error && (
        <p className="w-field-problem" role="alert">
          {fieldState.error.message}
        </p>
      )}
      {!all && (
        <>
          <div className="w-row">
            <div className="w-grow">
              <Field label="Find an event" type="search" value={text} onChange={setText} autoComplete="off" />
            </div>
            <span className="w-small w-muted" role="status">
              {say('%{number} of %{number2} chosen', { number: chosen.length, number2: data.length })}
            </span>
          </div>
          {found.length === 0 && <p className="w-secondary">{say('No event matches.')}</p>}
          {byArea(found).map(({ area, events }) => (
            <section key={area} aria-label={area}>
              <h3>{area}</h3>
              {events.map(({ name, label }) => (
                <FormControlLabel
                  key={name}
                  control={<Checkbox checked={chosen.includes(name)} onChange={(_, on) => set(on ? [...chosen, name] : chosen.filter((other) => other !== name))} />}
                  label={
                    <>
                      {label} <span className="w-mono w-muted">{name}</span>
                    </>
                  }
                />
              ))}
            </section>
          ))}
        </>
      )}
    </fieldset>
  );
}
