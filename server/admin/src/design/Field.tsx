import { type ComponentProps, useId } from 'react';
import { useText } from './useText';

interface FieldProps extends Omit<ComponentProps<'input'>, 'onChange'> {
  label: string;
  help?: string;
  /** What is wrong with it. */
  problem?: string;
  onChange?(value: string): void;
}

/** A text field with its label above: for what is outside the forms of objects. */
export function Field({ label, help, problem, onChange, required, ...input }: FieldProps) {
  const id = useId();
  const text = useText();
  const said = text(problem ?? help);
  return (
    <div className="w-field">
      <label htmlFor={id}>
        {text(label)}
        {required && <span aria-hidden="true"> *</span>}
      </label>
      <input
        {...input}
        id={id}
        required={required}
        aria-invalid={problem ? true : undefined}
        aria-describedby={said ? `${id}-said` : undefined}
        onChange={(event) => onChange?.(event.target.value)}
      />
      {said && (
        <p id={`${id}-said`} className={problem ? 'w-field-problem' : 'w-small w-muted'}>
          {said}
        </p>
      )}
    </div>
  );
}
