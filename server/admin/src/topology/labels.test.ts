import { expect, test } from 'vitest';
import { Labels } from './labels';

const node = (x: number, y: number, width = 60) => ({ x, y, radius: 5, width, height: 14, within: 390 });

test('names do not lie over each other', () => {
  const labels = new Labels();
  expect(labels.beside(node(100, 100))).toBe(108);
  expect(labels.beside(node(120, 104)), 'there is room on the left only below').toBe(undefined);
  expect(labels.beside(node(180, 104)), 'right of the first one').toBe(188);
  expect(labels.beside(node(90, 102)), 'the right is taken').toBe(22);
  expect(labels.beside(node(100, 120)), 'a line below').toBe(108);
  labels.begin();
  expect(labels.beside(node(120, 104)), 'in another picture').toBe(128);
});

test('names stay inside', () => {
  const labels = new Labels();
  expect(labels.beside(node(360, 10)), 'to the left of its node').toBe(292);
  expect(labels.beside(node(200, 40, 380)), 'what fits nowhere begins beside its node').toBe(208);
  expect(labels.beside(node(500, 70)), 'out of sight').toBe(undefined);
});
