import { useFormContext, useWatch } from 'react-hook-form';
import { useText } from '../../design/useText';
import { templateTexts as t } from './texts';

const options = [
  { required: false, default: false, title: t.nobody, about: t.nobodyAbout },
  { required: false, default: true, title: t.default, about: t.defaultAbout },
  { required: true, default: true, title: t.required, about: t.requiredAbout },
];

/** Which devices get a template by themselves: its two switches as one choice, each with what follows. */
export function WhoInput({ disabled }: { disabled?: boolean }) {
  const say = useText();
  const { setValue } = useFormContext();
  const required = useWatch({ name: 'required' }) === true;
  const byDefault = useWatch({ name: 'default' }) === true || required;
  return (
    <fieldset className="t-who" disabled={disabled}>
      <legend className="w-hidden">{say(t.who)}</legend>
      <ul className="t-options">
        {options.map((option) => (
          <li key={option.title}>
            <label className="t-option">
              <input
                type="radio"
                name="who"
                checked={option.required === required && option.default === byDefault}
                onChange={() => {
                  setValue('required', option.required, { shouldDirty: true });
                  setValue('default', option.default, { shouldDirty: true });
                }}
              />
              <span>
                <b>{say(option.title)}</b>
                <small>{say(option.about)}</small>
              </span>
            </label>
          </li>
        ))}
      </ul>
    </fieldset>
  );
}
