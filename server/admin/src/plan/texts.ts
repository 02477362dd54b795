// The labels and sentences of plans and rollouts: a language is added by a file like this one.
import { commonFields as common } from '../app/texts';

const fields = { ...common, status: 'Status', notes: 'Notes', changes: 'Changes', label: 'What' };

/** The texts in English. */
export const planTexts = {
  resources: {
    plans: { name: 'Plan |||| Plans', fields, empty: 'No plans yet', invite: 'A plan says what changes would do before they do it.' },
    rollouts: { name: 'Rollout |||| Rollouts', fields, empty: 'Nothing was rolled out yet', invite: 'Rollouts begin with a plan.' },
  },
};
