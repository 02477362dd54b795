// The sentences of the pages of templates.

/** The texts in English. */
export const templateTexts = {
  all: 'Templates',
  create: 'New',
  emptyTitle: 'New template',
  who: 'Who gets it',
  owner: 'Whose it is',
  ownerHelp: 'A shared template can be given to the devices of every organization.',
  ownerNeeded: 'Choose an organization, or all of them',
  shared: 'All organizations (shared)',
  required: 'Every new device, always',
  requiredAbout: 'Nobody can take it off. Devices that are there already get it when they are activated again.',
  default: 'Every new device',
  defaultAbout: 'It can be taken off. Devices that are there already keep what they have.',
  nobody: 'Nobody yet',
  nobodyAbout: 'Add it to devices later.',
  name: 'Name of the template',
  nameNeeded: 'A name is needed',
  complete: 'Complete',
  missing: (count: number) => (count === 1 ? '1 answer is missing or wrong' : `${count} answers are missing or wrong`),
  discard: 'Discard',
  save: 'Create template',
};
