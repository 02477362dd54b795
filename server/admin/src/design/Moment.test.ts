import { expect, it } from 'vitest';
import { ago } from './Moment';

it('says how long ago for a week, and then the day', () => {
  const now = new Date('2026-11-29T12:00:00Z');
  const before = (seconds: number) => ago(new Date(now.getTime() - seconds * 1000), now);
  expect([before(12), before(300), before(3 * 3600), before(2 * 86400)]).toEqual(['12 s ago', '5 min ago', '3 h ago', '2 d ago']);
  expect(before(-300)).toBe('in 5 min');
  expect(before(30 * 86400)).toMatch(/30/);
  expect(before(400 * 86400)).toMatch(/2025/);
});
