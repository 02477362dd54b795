// The sentences around tasks; those of a task are with its fields.

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
  remove: (title: string, name: string) => `Remove ${title} ${name}`.trim(),
  others: (names: string[]) => `Also in it, and shown in the form: ${names.join(', ')}`,
  none: 'Nothing is configured yet.',
  make: 'Make one',
  show: (label: string) => `Show ${label.toLowerCase()}`,
  hide: (label: string) => `Hide ${label.toLowerCase()}`,
  set: 'Set. Type to replace it.',
  tooShort: (now: number) => `At least 8 characters, now ${now}`,
  count: (now: number, most: number) => `${now} of ${most}`,
  device: 'Left to the device',
  optional: 'optional',
  problems: (count: number) => (count === 1 ? '1 problem' : `${count} problems`),
};
