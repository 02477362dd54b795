import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { concerns } from '../app/concerns';
import { frameTexts } from '../app/texts';
import { sentences as german } from './de';
import { languageOf, languages, saidOf, speaking, translated } from './languages';

/** All there is. */
const whole = readdirSync(join(import.meta.dirname, '..')).filter((name) => !name.startsWith('main.') && name !== 'language');
/** Pages of the frame that are for those who make it. */
const left = /app\/Parts\.tsx$|\.test\.tsx?$|Logo\.tsx$|\/samples\.ts$/;

const source = join(import.meta.dirname, '..');

function filesIn(path: string): string[] {
  const full = join(source, path);
  if (statSync(full).isFile()) return [full];
  return readdirSync(full).flatMap((name) => filesIn(join(path, name)));
}

/** Properties and attributes whose text is read by people. */
const said = new Set(['label', 'title', 'verb', 'keep', 'word', 'meaning', 'help', 'helperText', 'placeholder', 'note', 'what', 'one', 'many', 'loss', 'add', 'blocked', 'intro', 'never', 'none', 'done', 'text', 'about', 'aria-label']);
/** Functions that translate. */
const translating = new Set(['translate', 'say', 'text', 'notify', 'useText()']);

/** The English texts of a file, and what stands in its pages without going through a language. */
function textsIn(path: string): { texts: string[]; bare: string[] } {
  const file = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true, path.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS);
  const texts: string[] = [];
  const bare: string[] = [];
  const literals = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) {
      if (/\p{L}{2}/u.test(node.text)) texts.push(node.text);
    } else if (ts.isConditionalExpression(node)) {
      literals(node.whenTrue);
      literals(node.whenFalse);
    } else if (ts.isBinaryExpression(node)) {
      literals(node.right);
      if (node.operatorToken.kind !== ts.SyntaxKind.AmpersandAmpersandToken) literals(node.left);
    } else if (ts.isJsxExpression(node) && node.expression) literals(node.expression);
    else if (ts.isParenthesizedExpression(node)) literals(node.expression);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && translating.has(node.expression.getText(file)) && node.arguments[0]) literals(node.arguments[0]);
    else if (ts.isJsxAttribute(node) && said.has(node.name.getText(file)) && node.initializer) literals(node.initializer);
    // columns of an exported file are no words of a page
    else if (ts.isPropertyAssignment(node) && node.parent.properties.some((other) => other.name?.getText(file) === 'of')) literals(ts.factory.createNull());
    else if (ts.isPropertyAssignment(node) && said.has(node.name.getText(file).replace(/'/g, ''))) literals(node.initializer);
    else if (ts.isJsxText(node) && /\p{L}{2}/u.test(node.text)) bare.push(node.text.trim());
    ts.forEachChild(node, visit);
  };
  visit(file);
  // views and choices are objects with a name
  for (const [, choice, view] of readFileSync(path, 'utf8').matchAll(/\{ (?:id: [^,]+, name: '([^']+)' \}|name: '([^']+)', filter)/g)) texts.push(choice ?? view);
  return { texts, bare };
}

/** Words that are not translated: names, units, code. */
const names = new Set([
  // names of fields and of what a router has
  ...'accent accent_dark bar deadline display_name email_subject eth0 failures first firewall green:wlan icon id ill ip_address kennedy-2f-ap07 logo lost mac notice parallel parts pause problems radio0 radio1 site ssid theme title unreachable username variant within zone'.split(' '),
  ...['ssh-ed25519 AAAA… name', 'sleep 70 && touch /etc/banner && reboot', "config rule 'allow_ssh'\n\toption src 'wan'", 'uci export', 'SHA-256', '#ffffff', 'Authorization: Bearer'],
  'OpenWrt', 'curl', 'REST API', 'UUID', 'URL', 'JSON', 'Wispwright', 'frame', 'name', 'h1', 'div', 'status', 'Ctrl K', '/']);

const leaves = (texts: object): string[] => Object.values(texts).flatMap((value) => (typeof value === 'string' ? (/\p{L}{2}/u.test(value) ? [value] : []) : leaves(value as object)));

const { guesser: _guesser, configurable: _configurable, saved_queries: _saved, ...ra } = frameTexts.ra;
/** What the navigation says of every concern. */
const menu = concerns.flatMap(({ menu, account = [], texts }) => [
  ...menu.map(({ label, resource }) => label ?? (texts.resources as Record<string, { name: string }>)[resource ?? '']?.name),
  ...account.map(({ label }) => label),
]);
const catalogue = leaves({ ra, frame: frameTexts.frame, concerns: concerns.map(({ texts }) => texts), menu: menu.filter((text) => text !== undefined) });
const files = whole.flatMap(filesIn).filter((path) => /\.tsx?$/.test(path) && !left.test(path));

describe('a language', () => {
  it.each([['German', german]])('%s has every text of what is whole', (_, sentences) => {
    const lacking: Record<string, string[]> = {};
    for (const path of files) {
      // what is a key, a class or a symbol is no text: it has no blank and begins small, or has a dot
      const missing = textsIn(path).texts.filter((text) => !(text in sentences) && !names.has(text) && !/^[\w-]+(\.[\w-]+)+$|^ra\.|^\/|^var\(|^w-/.test(text));
      if (missing.length > 0) lacking[path.slice(source.length + 1)] = [...new Set(missing)];
    }
    const missing = catalogue.filter((text) => !(text in sentences) && !names.has(text));
    if (missing.length > 0) lacking.catalogue = [...new Set(missing)];
    expect(lacking).toEqual({});
  }, 120_000); // it reads all these files
  it('keeps the values that a text is given', () => {
    const given = (text: string) => [...new Set(text.match(/%\{\w+\}/g))].filter((value) => value !== '%{smart_count}').sort();
    for (const [english, said] of Object.entries(german)) expect([english, given(said)]).toEqual([english, given(english)]);
    for (const [english, said] of Object.entries(german)) expect([english, said.split('||||').length]).toEqual([english, english.split('||||').length]);
  });
  it('says a text in one way, whichever concern needs it', () => {
    const said = new Map<string, string>();
    for (const name of readdirSync(source)) {
      const path = join(source, name, 'de.json');
      if (!existsSync(path)) continue;
      for (const [english, text] of Object.entries(JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>)) {
        expect([english, said.get(english) ?? text]).toEqual([english, text]);
        said.set(english, text);
        expect(german[english]).toBe(text);
      }
    }
  });
  it('is not passed by: no page that is whole has a text outside of it', () => {
    const bare: Record<string, string[]> = {};
    for (const path of files) {
      const found = textsIn(path).bare.filter((text) => !names.has(text));
      if (found.length > 0) bare[path.slice(source.length + 1)] = found;
    }
    expect(bare).toEqual({});
  }, 120_000);
});

describe('the language of a person', () => {
  it('is the one chosen, then the first of the browser that there is', () => {
    expect(languageOf('"de"', ['en-GB'])).toBe('de');
    expect(languageOf(null, ['fr-FR', 'de-AT', 'en'])).toBe('de');
    expect(languageOf('"xx"', ['it'])).toBe('en');
    expect(languages.map(({ locale }) => locale)).toEqual(['en', 'de']);
  });
  it('is used where there is a text, and English where not', () => {
    expect(translated({ a: { b: 'Save', c: 'Else' } }, { Save: 'Speichern' })).toEqual({ a: { b: 'Speichern', c: 'Else' } });
    const plain = { translate: (key: string, options?: { _?: string }) => options?._ ?? key, changeLocale: async () => undefined, getLocale: () => 'de' };
    const { translate } = speaking(plain, () => ({ Save: 'Speichern' }));
    expect([translate('Save', { _: 'Save' }), translate('Other', { _: 'Other' })]).toEqual(['Speichern', 'Other']);
  });
  it('finds a text that has numbers in it by their places', () => {
    const sentences = { '# of # connected': '# von # verbunden', '1 problem': '1 Problem', '2.4 GHz': '2,4 GHz' };
    expect(['12 of 4,000 connected', '1 problem', '2.4 GHz', '5 GHz', 'connected'].map((text) => saidOf(sentences, text))).toEqual(['12 von 4,000 verbunden', '1 Problem', '2,4 GHz', undefined, undefined]);
  });
});
