// The languages of the admin. English texts stand where they are used and are their own keys; another language is a
// list of English texts with what they are called there, one file for each concern.
import type { I18nProvider } from 'react-admin';

/** Texts by the English text they stand for. */
export type Sentences = Record<string, string>;

interface Language {
  locale: string;
  /** What it calls itself. */
  name: string;
  load(): Promise<Sentences>;
}

/** All languages; the first is the one that texts are written in. */
export const languages: Language[] = [
  { locale: 'en', name: 'English', load: async () => ({}) },
  { locale: 'de', name: 'Deutsch', load: async () => (await import('./de')).sentences },
];

/** Where react-admin keeps what a person chose. */
const chosenKey = 'RaStore.locale';

/** The language of a person: the one chosen, else the first that the browser asks for and there is. */
export function languageOf(chosen: string | null, wanted: readonly string[]): string {
  const known = (locale: string | undefined) => languages.find((one) => one.locale === locale?.toLowerCase().split('-')[0])?.locale;
  return known(chosen?.replaceAll('"', '')) ?? wanted.map(known).find(Boolean) ?? 'en';
}

/** The language of this browser, with its texts: they are there before the first page is. */
export async function loadLanguage(): Promise<{ locale: string; sentences: Sentences }> {
  let chosen: string | null = null;
  try {
    chosen = localStorage.getItem(chosenKey);
  } catch {
    // a browser that keeps nothing
  }
  const locale = languageOf(chosen, navigator.languages ?? []);
  return { locale, sentences: await sentencesOf(locale) };
}

/** The texts of a language; without them, which is when the server is away, there is English. */
export async function sentencesOf(locale: string): Promise<Sentences> {
  try {
    return (await languages.find((one) => one.locale === locale)?.load()) ?? {};
  } catch {
    return {};
  }
}

interface Tree {
  [key: string]: string | Tree;
}

/** A catalogue of texts by key, in another language; what the language lacks stays English. */
export function translated<T extends object>(texts: T, sentences: Sentences): T {
  return Object.fromEntries(Object.entries(texts as Tree).map(([key, text]) => [key, typeof text === 'string' ? (sentences[text] ?? text) : translated(text, sentences)])) as T;
}

const numbers = /\d+(?:[.,]\d+)*/g;

/** What a text is called: as it stands, or as one with other numbers, whose places are marked by # ("# min"). */
export function saidOf(sentences: Sentences, text: string): string | undefined {
  const said = sentences[text];
  if (said !== undefined || !/\d/.test(text)) return said;
  const found = text.match(numbers) ?? [];
  return sentences[text.replace(numbers, '#')]?.replace(/#/g, () => found.shift() ?? '');
}

/** Lets a provider also translate English texts, which are keys of themselves. */
export function speaking(provider: I18nProvider, sentences: () => Sentences): I18nProvider {
  return {
    ...provider,
    translate: (key: string, options?: Record<string, unknown>) => {
      const said = saidOf(sentences(), key);
      return provider.translate(key, said === undefined ? options : { ...options, _: said });
    },
  };
}
