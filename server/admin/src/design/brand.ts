// What an installation changes of the design: its name, pictures and colours, as the server tells them. The colours that
// belong to a chosen one are made of it, so that everything on them can be read.
import { type Scheme, tokens } from './tokens';

/** How the installation looks; what is empty is as the design has it. */
export interface Brand {
  name: string;
  /** Data URLs of pictures. */
  logo: string;
  icon: string;
  bar: string;
  accent: string;
  accent_dark: string;
  theme: '' | 'light' | 'dark';
  /** A sentence on the page of the log-in. */
  notice: string;
}

/** The design's own. */
export const plain: Brand = { name: '', logo: '', icon: '', bar: '', accent: '', accent_dark: '', theme: '', notice: '' };

/** What the program is called where nobody named the installation. */
export const productName = 'Wispwright';

/** The colours of a theme. */
export type Colours = (typeof tokens)[Scheme];

type RGB = [number, number, number];

const rgb = (color: string) => [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16)) as RGB;

/** One colour moved towards another by a part of the way. */
export function mix(color: string, other: string, part: number): string {
  const [from, to] = [rgb(color), rgb(other)];
  return `#${from.map((v, i) => Math.round(v + ((to[i] ?? 0) - v) * part).toString(16).padStart(2, '0')).join('').toUpperCase()}`;
}

function luminance(color: string): number {
  const [r, g, b] = rgb(color).map((v) => v / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)) as RGB;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** The contrast of two colours (WCAG 2.1). */
export function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

const steps = Array.from({ length: 21 }, (_, n) => n / 20);

/** The colour moved towards another only as far as needed to be read on all the grounds. */
function readable(color: string, towards: string, grounds: string[]): string {
  const found = steps.map((part) => mix(color, towards, part)).find((c) => grounds.every((ground) => contrast(c, ground) >= 4.5));
  return found ?? towards;
}

function barOf(bar: string, scheme: Scheme) {
  const ground = scheme === 'dark' ? mix(bar, '#000000', 0.3) : bar;
  const text = '#FFFFFF';
  // a field is a bit lighter than the bar, or darker where white would not be read on it
  const lighter = mix(ground, text, 0.12);
  const barField = contrast(text, lighter) >= 4.5 ? lighter : mix(ground, '#000000', 0.18);
  return { bar: ground, barField, barLine: mix(ground, text, 0.22), barText: text, barMuted: readable(mix(text, ground, 0.3), text, [ground, barField]) };
}

function accentOf(accent: string, scheme: Scheme) {
  const { surface, canvas, textMuted, text } = tokens[scheme];
  const far = scheme === 'dark' ? '#FFFFFF' : '#000000';
  const own = tokens[scheme].onAccent;
  const hover = mix(accent, far, 0.18);
  const onAccent = contrast(own, accent) >= contrast('#FFFFFF', accent) ? own : '#FFFFFF';
  // as strong as the accent and the muted text can still be read on it
  const tint = [0.13, 0.11, 0.09, 0.07, 0.05, 0.03].map((part) => mix(surface, accent, part)).find((c) => [textMuted, text].every((t) => contrast(t, c) >= 4.5)) ?? canvas;
  const read = readable(accent, far, [surface, canvas, tint]);
  return { accent: read, accentHover: hover, onAccent: contrast(onAccent, read) >= 4.5 ? onAccent : '#FFFFFF', accentTint: tint, accentLine: mix(surface, accent, 0.4), focus: read };
}

/** The colours of a theme with what the installation chose. */
export function coloursOf(scheme: Scheme, brand: Brand): Colours {
  const accent = scheme === 'dark' ? brand.accent_dark : brand.accent;
  return { ...tokens[scheme], ...(brand.bar && barOf(brand.bar, scheme)), ...(accent && accentOf(accent, scheme)) };
}

/** The design's own colours of a theme. */
export const tokensOf = (scheme: Scheme): Colours => tokens[scheme];

/** The accent of the dark theme that the server makes of the light one's: lighter until it can be read well. */
export function darkAccentOf(accent: string): string {
  return steps.map((part) => mix(accent, '#FFFFFF', part)).find((c) => contrast(c, tokens.dark.surface) >= 7) ?? '#FFFFFF';
}
