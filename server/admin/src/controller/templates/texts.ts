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
  required: 'Every device, always',
  requiredAbout: 'Also those that are there already, in the background. Nobody can take it off.',
  default: 'Every device',
  defaultAbout: 'Also those that are there already, in the background. It can be taken off a device.',
  nobody: 'Chosen devices',
  nobodyAbout: 'Add it to devices one by one. Devices that have it already keep it.',
  name: 'Name of the template',
  nameNeeded: 'A name is needed',
  complete: 'Complete',
  missing: '%{smart_count} answer is missing or wrong |||| %{smart_count} answers are missing or wrong',
  discard: 'Discard',
  save: 'Create template',
};
