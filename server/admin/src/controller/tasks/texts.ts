// The sentences around tasks; those of a task are with its fields.
import type { Say } from '../../design/useText';

/** The texts in English. */
export const taskTexts = {
  question: 'What should it do?',
  search: 'Find a task',
  find: 'Find, e.g. “guest”',
  nothing: 'Nothing fits',
  empty: 'Empty',
  emptyAbout: 'every field, or JSON',
  more: 'More',
  add: 'Add',
  remove: 'Remove %{name}',
  others: 'Also in it, and shown in the form: %{names}',
  none: 'Nothing is configured yet.',
  make: 'Make one',
  show: 'Show %{what}',
  hide: 'Hide %{what}',
  set: 'Set. Type to replace it.',
  tooShort: 'At least 8 characters, now %{now}',
  count: '%{now} of %{most}',
  device: 'Left to the device',
  optional: 'optional',
  problems: '%{smart_count} problem |||| %{smart_count} problems',
};

/** A label within a sentence: English begins it small, another language writes it as it does. */
export function inSentence(label: string, say: Say): string {
  const said = say(label);
  return said === label ? label.toLowerCase() : said;
}
