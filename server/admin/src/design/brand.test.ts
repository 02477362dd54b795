import { describe, expect, it } from 'vitest';
import { coloursOf, contrast, mix, plain } from './brand';
import { type Scheme, tokens } from './tokens';

// what the server takes: bars that carry white text, accents that are read on the ground of their theme
const bars = ['#0A3643', '#000000', '#7A1F5C', '#B02A18', '#767676', '#5A31C8', '#00703C'];
const accents: Record<Scheme, string[]> = {
  light: ['#0B6E78', '#7A1F5C', '#B02A18', '#000000', '#1F5A9E', '#767676', '#00703C', '#5A31C8'],
  dark: ['#72D0C5', '#F0A0D0', '#FF9483', '#FFFFFF', '#6BA6EE', '#8A8A8A', '#7FD18C', '#B8A4F5'],
};

describe.each(['light', 'dark'] as Scheme[])('an installation in the %s theme', (scheme) => {
  it.each(bars)('can be read with the bar %s', (bar) => {
    const c = coloursOf(scheme, { ...plain, bar });
    for (const text of [c.barText, c.barMuted]) for (const ground of [c.bar, c.barField]) expect(contrast(text, ground)).toBeGreaterThanOrEqual(4.5);
  });
  it.each(accents[scheme])('can be read with the accent %s', (accent) => {
    const c = coloursOf(scheme, { ...plain, accent, accent_dark: accent });
    for (const ground of [c.surface, c.canvas, c.accentTint]) expect(contrast(c.accent, ground)).toBeGreaterThanOrEqual(4.5);
    for (const ground of [c.accent, c.accentHover]) expect(contrast(c.onAccent, ground)).toBeGreaterThanOrEqual(4.5);
    for (const text of [c.text, c.textMuted]) expect(contrast(text, c.accentTint)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(c.focus, c.surface)).toBeGreaterThanOrEqual(3);
  });
  it('is the design where nothing was chosen', () => expect(coloursOf(scheme, plain)).toEqual(tokens[scheme]));
});

it('mixes', () => {
  expect(mix('#000000', '#FFFFFF', 0.5)).toBe('#808080');
  expect(mix('#0A3643', '#FFFFFF', 0)).toBe('#0A3643');
});
