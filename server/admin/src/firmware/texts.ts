// The labels and sentences of firmware: a language is added by a file like this one.
import { commonFields as common } from '../app/texts';

const fields = { ...common, description: 'Description', version: 'Version', os: 'OS identifier', changelog: 'Change log', category: 'Category', status: 'Status' };

/** The texts in English. */
export const firmwareTexts = {
  resources: {
    firmwarecategories: { name: 'Firmware category |||| Firmware categories', fields, empty: 'No categories yet', invite: 'A category holds the builds of one purpose.' },
    firmwarebuilds: { name: 'Firmware build |||| Firmware builds', fields, empty: 'No builds yet', invite: 'A build is a version with an image for each type of hardware.' },
    upgradeoperations: { name: 'Upgrade |||| Upgrades', fields, empty: 'No upgrades yet', invite: 'A device is upgraded on its page.' },
    massupgrades: { name: 'Mass upgrade |||| Mass upgrades', fields, empty: 'No mass upgrades yet', invite: 'A mass upgrade begins on the page of a build.' },
  },
};
