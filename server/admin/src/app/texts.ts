// The texts of the frame, and the labels that fields of many resources have.
import english from 'ra-language-english';

/** Labels of fields that most resources have. */
export const commonFields = {
  id: 'UUID',
  name: 'Name',
  organization: 'Organization',
  created: 'Created',
  modified: 'Modified',
  created__gte: 'Created from',
  created__lt: 'Created before',
  q: 'Search',
};

/** react-admin's texts and the frame's, in English. */
export const frameTexts = {
  ...english,
  ra: {
    ...english.ra,
    notification: {
      ...english.ra.notification,
      updated: 'Saved |||| %{smart_count} saved',
      created: 'Created',
      deleted: 'Deleted |||| %{smart_count} deleted',
    },
  },
  frame: {
    sections: { top: '', network: 'Network', monitoring: 'Monitoring', firmware: 'Firmware', reaching: 'Remote access', addressing: 'Addresses and VPN', access: 'Access', administration: 'Administration', more: 'More' },
  },
};
