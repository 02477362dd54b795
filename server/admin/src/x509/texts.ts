// The labels and sentences of CAs and certificates: a language is added by a file like this one.
import { commonFields as common } from '../app/texts';

const fields = {
  ...common,
  id: 'Number',
  notes: 'Notes',
  key_length: 'Key',
  digest: 'Digest',
  validity_start: 'Valid from',
  validity_end: 'Valid until',
  country_code: 'Country code',
  state: 'State or province',
  city: 'City',
  organization_name: 'Organization in the certificate',
  organizational_unit_name: 'Organizational unit',
  email: 'E-mail address',
  common_name: 'Common name',
  serial_number: 'Serial number',
  certificate: 'Certificate (PEM)',
  private_key: 'Private key (PEM)',
  passphrase: 'Passphrase of the private key',
  extensions: 'Extensions',
  auto_renew: 'Renews itself',
  enrolment: 'Devices may enrol',
  parent: 'Signed by',
  path_length: 'CAs below',
  ca: 'CA',
  csr: 'Request (PEM)',
  revoked: 'Revoked',
};

/** The texts in English. */
export const x509Texts = {
  resources: {
    cas: { name: 'CA |||| CAs', fields, empty: 'No CAs yet', invite: 'A CA signs certificates.' },
    certs: { name: 'Certificate |||| Certificates', fields, empty: 'No certificates yet', invite: 'A certificate is issued by a CA.' },
  },
};
