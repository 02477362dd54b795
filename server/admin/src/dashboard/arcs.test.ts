import { expect, it } from 'vitest';
import { arcs } from './arcs';
import { deviceListPath } from './Dashboard';

it('makes a whole ring of a single value', () => {
  expect(arcs([0, 5], 10, 5)).toEqual(['', expect.stringContaining('M 0 -10 A 10 10 0 1 1 0 10')]);
});

it('goes round clockwise from the top', () => {
  const [first, second] = arcs([1, 3], 100, 50);
  expect(first).toMatch(/^M 0\.000 -100\.000 A 100 100 0 0 1 100\.000 /);
  expect(second).toContain('A 100 100 0 1 1');
});

it('draws nothing of nothing', () => {
  expect(arcs([0, 0], 10, 5)).toEqual(['', '']);
});

it('leads to the filtered list', () => {
  const [path, query] = deviceListPath({ config__status: 'error' }).split('?');
  expect(path).toBe('/devices');
  expect(JSON.parse(new URLSearchParams(query).get('filter') ?? '')).toEqual({ config__status: 'error' });
});
