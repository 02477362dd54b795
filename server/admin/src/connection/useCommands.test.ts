import { expect, it } from 'vitest';
import { withCommand } from './useCommands';

const command = (id: string, output: string) => ({ id, output }) as never;

it('keeps commands in their places and puts new ones first', () => {
  const list = { count: 2, next: null, previous: null, results: [command('b', ''), command('a', '')] };
  expect(withCommand(list as never, command('a', 'x'))?.results).toEqual([{ id: 'b', output: '' }, { id: 'a', output: 'x' }]);
  const more = withCommand(list as never, command('c', 'y'));
  expect([more?.count, more?.results[0]]).toEqual([3, { id: 'c', output: 'y' }]);
  expect(withCommand(undefined, command('a', ''))).toBeUndefined();
});

it('does not go back to what a command was before', () => {
  const at = (id: string, modified: string, status: string) => ({ id, modified, status }) as never;
  const list = { count: 1, next: null, previous: null, results: [at('a', '2026-05-04T12:00:02Z', 'failed')] };
  expect(withCommand(list as never, at('a', '2026-05-04T12:00:01Z', 'in-progress'))).toBe(list);
  expect(withCommand(list as never, at('a', '2026-05-04T12:00:03Z', 'success'))?.results[0].status).toBe('success');
});
