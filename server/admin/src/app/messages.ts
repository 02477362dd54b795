// The texts of the admin: the frame's and those of every concern, folded into one catalogue.
import { deepmerge } from '@mui/utils';
import polyglotI18nProvider from 'ra-i18n-polyglot';
import type { TranslationMessages } from 'react-admin';
import type { Concern } from './concern';
import { frameTexts } from './texts';

/** react-admin's i18n provider. A missing text shows its key's last part instead of a warning. */
export function messagesOf(concerns: Concern[]) {
  const texts = concerns.reduce((all, concern) => deepmerge(all, concern.texts as typeof all), frameTexts as TranslationMessages);
  return polyglotI18nProvider(() => texts, 'en', undefined, { allowMissing: true });
}
