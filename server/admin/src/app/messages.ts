// The texts of the admin: the frame's and those of every concern, folded into one catalogue.
import { deepmerge } from '@mui/utils';
import polyglotI18nProvider from 'ra-i18n-polyglot';
import type { TranslationMessages } from 'react-admin';
import { languages, type Sentences, sentencesOf, speaking, translated } from '../language/languages';
import type { Concern } from './concern';
import { frameTexts } from './texts';

/** All texts that have a key of their own, in English. */
export function textsOf(concerns: Concern[]): TranslationMessages {
  return concerns.reduce((all, concern) => deepmerge(all, concern.texts as typeof all), frameTexts as TranslationMessages);
}

/** react-admin's i18n provider, in the language given. A text that a language lacks is English. */
export function messagesOf(concerns: Concern[], language: { locale: string; sentences: Sentences }) {
  const texts = textsOf(concerns);
  let { sentences } = language;
  const begin = (locale: string) => {
    document.documentElement.lang = locale;
  };
  begin(language.locale);
  const provider = polyglotI18nProvider(
    (locale) => {
      if (locale === language.locale && sentences === language.sentences) return translated(texts, sentences);
      return sentencesOf(locale).then((others) => {
        sentences = others;
        begin(locale);
        return translated(texts, others);
      });
    },
    language.locale,
    languages.map(({ locale, name }) => ({ locale, name })),
    { allowMissing: true },
  );
  return speaking(provider, () => sentences);
}
