// The labels and sentences of the audit trail: a language is added by a file like this one.
import { commonFields as common } from '../app/texts';

/** The texts in English. */
export const auditTexts = {
  resources: {
    events: {
      name: 'Event |||| Audit trail',
      fields: {
        ...common,
        created: 'When',
        actor: 'Who',
        action: 'Did',
        kind: 'Kind',
        label: 'What',
        cause: 'Because of',
        object_id: 'Object',
        address: 'From',
      },
    },
  },
};
