// The labels of places: a language is added by a file like this one.
import { commonFields as common } from '../app/texts';

/** The texts in English. */
export const geoTexts = {
  resources: {
    locations: {
      name: 'Location |||| Locations',
      fields: { ...common, type: 'Type', is_mobile: 'It moves', address: 'Address', geometry: 'Where it is', organization: 'Organization' },
      empty: 'No locations yet',
      invite: 'A location is a place where devices are.',
    },
  },
};
