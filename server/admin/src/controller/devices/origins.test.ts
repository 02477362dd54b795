import { expect, test } from 'vitest';
import type { Say } from '../../design/useText';
import { originWord, sourceOfLine } from './origins';

const say = ((text: string) => text) as Say;

test('levels have words', () => {
  expect(originWord({ origin: 'template', name: 'mesh' }, say)).toBe('template mesh');
  expect(originWord({ origin: 'device', name: '' }, say)).toBe('this device');
  expect(originWord({ origin: 'new', name: '' }, say)).toBe('new');
});

test('lines have the source whose span they are in', () => {
  const sources = [
    { from: 1, to: 3, origin: 'hostname', id: null, name: '' },
    { from: 4, to: 4, origin: 'template', id: '1', name: 'mesh' },
  ];
  expect(sourceOfLine(sources, 3)?.origin).toBe('hostname');
  expect(sourceOfLine(sources, 4)?.name).toBe('mesh');
  expect(sourceOfLine(sources, 5)).toBeUndefined();
});
