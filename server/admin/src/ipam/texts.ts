// The labels of subnets and addresses: a language is added by a file like this one.
import { commonFields as common } from '../app/texts';

/** The texts in English. */
export const ipamTexts = {
  resources: {
    subnets: {
      name: 'Subnet |||| Subnets',
      fields: { ...common, subnet: 'Network', description: 'Description', master_subnet: 'Inside', organization: 'Organization' },
      empty: 'No subnets yet',
      invite: 'A subnet is a network whose addresses are kept account of.',
    },
    addresses: {
      name: 'Address |||| Addresses',
      fields: { ...common, ip_address: 'Address', subnet: 'Subnet', description: 'Description' },
      empty: 'No addresses yet',
      invite: 'Addresses are recorded on the page of their subnet.',
    },
  },
};
