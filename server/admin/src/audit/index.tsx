// The audit trail: who changed what, how and from where.
import { ScrollText } from 'lucide-react';
import type { Concern } from '../app/concern';
import { page } from '../app/pages';
import { auditTexts } from './texts';

/** What the audit trail gives to the admin. */
export const audit: Concern = {
  name: 'audit',
  resources: [
    {
      name: 'events',
      path: 'audit/event/',
      model: { app: 'audit', model: 'event' },
      icon: ScrollText,
      title: 'label',
      list: page(() => import('./EventList')),
    },
  ],
  menu: [{ section: 'administration', order: 90, resource: 'events' }],
  overview: [{ place: 'side', order: 10, model: { app: 'audit', model: 'event' }, Part: page(() => import('./Recent')) }],
  texts: auditTexts,
};
