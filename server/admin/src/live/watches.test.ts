import { expect, it, vi } from 'vitest';
import type { openLink } from './socket';
import { createWatches } from './watches';

function fake() {
  const sent: unknown[] = [];
  let options: Parameters<typeof openLink>[0] | undefined;
  const open = ((given) => {
    options = given;
    return { send: (frame: unknown) => sent.push(frame), close: () => undefined };
  }) as typeof openLink;
  return { open, sent, state: (state: 'open' | 'waiting') => options?.onState?.(state), says: (frame: unknown) => options?.onFrame(frame) };
}

it('says what is shown as one list, without doubles', async () => {
  const { open, sent, state } = fake();
  const watches = createWatches(open);
  watches.open();
  const end = watches.watch({ kind: 'config.device', onChange: () => undefined });
  watches.watch({ kind: 'config.device', onChange: () => undefined });
  watches.watch({ kind: 'config.template', id: 'a', onChange: () => undefined });
  state('open');
  await Promise.resolve();
  expect(sent).toEqual([{ type: 'watch', watch: [{ kind: 'config.device' }, { kind: 'config.template', id: 'a' }] }]);
  end();
  watches.watch({ kind: 'config.template', id: 'b', onChange: () => undefined });
  await Promise.resolve();
  expect(sent.length).toBe(2);
  expect(sent[1]).toEqual({ type: 'watch', watch: [{ kind: 'config.device' }, { kind: 'config.template', id: 'a' }, { kind: 'config.template', id: 'b' }] });
});

it('tells those whom a change concerns', () => {
  const { open, state, says } = fake();
  const watches = createWatches(open);
  watches.open();
  const [all, one, other] = [vi.fn(), vi.fn(), vi.fn()];
  watches.watch({ kind: 'config.device', onChange: all });
  watches.watch({ kind: 'config.device', id: 'a', onChange: one });
  watches.watch({ kind: 'config.template', onChange: other });
  state('open');
  says({ type: 'changed', kind: 'config.device', organization: null, ids: ['b'] });
  expect([all.mock.calls.length, one.mock.calls.length, other.mock.calls.length]).toEqual([1, 0, 0]);
  says({ type: 'changed', kind: 'config.device', organization: null, ids: null });
  expect([all.mock.calls.length, one.mock.calls.length, other.mock.calls.length]).toEqual([2, 1, 0]);
  says({ type: 'missed' });
  expect([all.mock.calls.length, one.mock.calls.length, other.mock.calls.length]).toEqual([3, 2, 1]);
});

it('has everything read anew after the link was away, and knows what is told', () => {
  const { open, state, says } = fake();
  const watches = createWatches(open);
  watches.open();
  const change = vi.fn();
  watches.watch({ kind: 'config.device', onChange: change });
  state('open');
  expect(watches.told('config.device')).toBe(false);
  says({ type: 'watching', watch: [{ kind: 'config.device' }] });
  expect([watches.told('config.device'), watches.told('x.y')]).toEqual([true, false]);
  expect(change).not.toHaveBeenCalled();
  state('waiting');
  expect(watches.told('config.device')).toBe(false);
  state('open');
  expect(change).toHaveBeenCalledWith({});
});
