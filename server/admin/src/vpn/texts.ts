// The labels of VPN servers: a language is added by a file like this one.
import { commonFields as common } from '../app/texts';

/** The texts in English. */
export const vpnTexts = {
  resources: {
    vpns: {
      name: 'VPN server |||| VPN servers',
      fields: {
        ...common,
        host: 'Host',
        backend: 'Type',
        ca: 'CA',
        cert: 'Certificate',
        private_key: 'Private key',
        subnet: 'Subnet',
        config: 'Configuration',
        webhook_endpoint: 'Webhook',
        auth_token: 'Token',
        organization: 'Organization',
      },
      empty: 'No VPN servers yet',
      invite: 'Devices become clients by templates of the type VPN-client.',
    },
  },
};
