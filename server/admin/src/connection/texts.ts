// The labels and sentences of reaching devices: a language is added by a file like this one.
import { commonFields as common } from '../app/texts';

const fields = { ...common, connector: 'Connector', auto_add: 'Added to every device', params: 'Parameters', label: 'Label', notes: 'Notes', status: 'Status', type: 'Command' };

/** The texts in English. */
export const connectionTexts = {
  resources: {
    credentials: { name: 'Access credentials |||| Access credentials', fields, empty: 'No credentials yet', invite: 'Credentials let the server into devices.' },
    terminals: { name: 'Terminal |||| Terminals', fields, empty: 'No terminals yet', invite: 'Terminals are opened on the page of a device.' },
    batchcommands: { name: 'Mass command |||| Mass commands', fields, empty: 'No mass commands yet', invite: 'A command for many devices at once.' },
  },
};
