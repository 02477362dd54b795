import { expect, test } from 'vitest';
import type { DeviceTask } from '../types';
import { changeBody, summary } from './changeMany';

test('a change says what is wanted', () => {
  expect(changeBody('add_templates', '', '', ['1'])).toBeUndefined();
  expect(changeBody('add_templates', 't', '', ['1'])).toEqual({ action: 'add_templates', devices: ['1'], templates: ['t'] });
  expect(changeBody('set_group', 'none', '', ['1'])).toEqual({ action: 'set_group', devices: ['1'], group: null });
  expect(changeBody('move', 'o', '', ['1'])).toEqual({ action: 'move', devices: ['1'], organization: 'o' });
  expect(changeBody('set_variables', ' ssid ', 'x', ['1'])).toEqual({ action: 'set_variables', devices: ['1'], variables: { ssid: 'x' } });
  expect(changeBody('set_variables', 'n', '[1]', ['1'])?.variables).toEqual({ n: [1] });
  expect(changeBody('set_variables', 'n', '', ['1'])?.variables).toEqual({ n: null });
});

test('a task is told in a sentence', () => {
  const task = { dry_run: true, changed: 2, unchanged: 0, failed: 1, waiting: 3 } as DeviceTask;
  expect(summary(task)).toBe('2 would change, 0 would stay as they are, 1 would fail, 3 to go');
  expect(summary({ ...task, dry_run: false, failed: 0, waiting: 0 })).toBe('2 changed, 0 stayed as they are');
});
