import { expect, test } from 'vitest';
import { type Entry, sentence, shapeOf, toldOf } from './healthTypes';

const entry = (kind: string, more: Partial<Entry> = {}): Entry => ({ id: '', at: '', kind, device: null, device_name: '', devices: 0, author: '', text: '', ...more });

test('timelines are told in words', () => {
  expect(sentence(entry('opened', { device_name: 'ap-1' }))).toBe('Began with ap-1');
  expect(sentence(entry('grown', { devices: 60 }))).toBe('60 devices are affected');
  expect(sentence(entry('acknowledged', { author: 'anna' }))).toBe('anna took it');
  expect(sentence(entry('acknowledged', { author: 'anna', text: 'on my way' }))).toBe('anna took it: on my way');
  expect(sentence(entry('resolved', { devices: 1 }))).toBe('The device is well again');
  expect(sentence(entry('resolved', { devices: 3 }))).toBe('All 3 devices are well again');
  expect(sentence(entry('new kind', { text: 'x' }))).toBe('new kind x');
});

test('statuses have shapes, reasons have words', () => {
  expect([shapeOf('ok'), shapeOf('critical'), shapeOf('deactivated'), shapeOf('unknown'), shapeOf('?')]).toEqual(['ok', 'critical', 'off', 'unknown', 'unknown']);
  expect(toldOf({ told: true, why_not_told: '' })).toBe('yes');
  expect(toldOf({ told: false, why_not_told: 'uplink' })).toBe('behind a dead uplink');
  expect(toldOf({ told: false, why_not_told: '' })).toBe('not yet');
});
