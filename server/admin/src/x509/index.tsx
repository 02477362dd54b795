// Certification authorities and certificates.
import { BadgeCheck, FileBadge } from 'lucide-react';
import type { Concern } from '../app/concern';
import { listFinder } from '../app/finders';
import { page } from '../app/pages';
import { type X509Operations, x509Operations } from './operations';
import { x509Texts } from './texts';
import type { CA, Cert } from './types';

const cert = { app: 'pki', model: 'cert' };

/** What the PKI gives to the admin. */
export const x509: Concern<X509Operations> = {
  name: 'x509',
  resources: [
    {
      name: 'cas',
      path: 'controller/ca/',
      model: { app: 'pki', model: 'ca' },
      icon: BadgeCheck,
      list: page(() => import('./CAList')),
      create: page(() => import('./CACreate')),
      edit: page(() => import('./CAEdit')),
    },
    {
      name: 'certs',
      path: 'controller/cert/',
      model: cert,
      icon: FileBadge,
      list: page(() => import('./CertList')),
      create: page(() => import('./CertCreate')),
      edit: page(() => import('./CertEdit')),
    },
  ],
  menu: [
    { section: 'access', order: 40, resource: 'cas' },
    { section: 'access', order: 50, resource: 'certs' },
  ],
  texts: x509Texts,
  operations: x509Operations,
  finders: [
    listFinder<CA>({ name: 'CAs', resource: 'cas', path: 'controller/ca/', icon: BadgeCheck, title: ({ name }) => name, detail: ({ common_name }) => common_name }),
    listFinder<Cert>({ name: 'Certificates', resource: 'certs', path: 'controller/cert/', icon: FileBadge, title: ({ name }) => name, detail: ({ common_name, serial_number }) => common_name || serial_number }),
  ],
  overview: [{ place: 'side', order: 40, model: cert, Part: page(() => import('./Expiring')) }],
  kinds: {
    'pki.ca': { name: 'CA', resource: 'cas' },
    'pki.cert': { name: 'Certificate', resource: 'certs' },
  },
  references: { CAID: 'cas', ParentID: 'cas' },
};
