import { describe, expect, it } from 'vitest';
import { type Scheme, type StatusName, tokens } from './tokens';

function luminance(color: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16) / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** The contrast of two colours (WCAG 2.1). */
function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

describe.each(['light', 'dark'] as Scheme[])('the %s theme', (scheme) => {
  const c = tokens[scheme];
  it.each([
    ['text', c.text, [c.surface, c.canvas, c.sunken, c.accentTint]],
    ['textSecondary', c.textSecondary, [c.surface, c.canvas, c.sunken]],
    ['textMuted', c.textMuted, [c.surface, c.canvas, c.sunken, c.accentTint]],
    ['accent', c.accent, [c.surface, c.canvas, c.accentTint]],
    ['onAccent', c.onAccent, [c.accent, c.accentHover]],
    ['bar', c.barText, [c.bar, c.barField]],
    ['muted of the bar', c.barMuted, [c.bar, c.barField]],
    ['critical pill', c.onCriticalFill, [c.criticalFill]],
    ['added lines', c.diff.addText, [c.diff.addBg]],
    ['removed lines', c.diff.removeText, [c.diff.removeBg]],
  ])('can be read: %s', (_, color, grounds) => {
    for (const ground of grounds) expect(contrast(color, ground)).toBeGreaterThanOrEqual(4.5);
  });
  it.each(Object.keys(tokens.status) as StatusName[])('tells the shape and the word of %s', (status) => {
    for (const ground of [c.surface, c.hover, c.accentTint]) expect(contrast(c[status].dot, ground)).toBeGreaterThanOrEqual(3);
    expect(contrast(c[status].text, c.surface)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(c[status].text, c[status].tint)).toBeGreaterThanOrEqual(4.5);
  });
  it('tells layers and the edges of controls', () => {
    for (const color of [...Object.values(c.layer), c.control]) expect(contrast(color, c.surface)).toBeGreaterThanOrEqual(3);
  });
});
