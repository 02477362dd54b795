import { describe, expect, it } from 'vitest';
import { contrast } from './brand';
import { type Scheme, type StatusName, tokens } from './tokens';

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
