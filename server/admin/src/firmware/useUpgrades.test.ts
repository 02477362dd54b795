import { describe, expect, it } from 'vitest';
import type { ListAnswer } from '../api/types';
import type { Operation } from './types';
import { withOperation } from './useUpgrades';

const operation = (id: string, modified: string): Operation => ({ id, device: 'd', image: 'i', status: 'in-progress', log: '', progress: 10, modified, is_persistent: false, retry_count: 0, next_retry_at: null, upgrade_options: {}, batch: null, waiting: false });
const list = { count: 1, next: null, previous: null, results: [operation('a', '2026-01-02')] } as unknown as ListAnswer<Operation>;

describe('what sockets tell', () => {
  it('is put in its place', () => {
    expect(withOperation(list, { ...operation('a', '2026-01-03'), log: 'line', progress: 65 })?.results[0]).toMatchObject({ log: 'line', progress: 65, upgrade_options: {} });
  });
  it('does not count when it comes too late', () => expect(withOperation(list, operation('a', '2026-01-01'))).toBe(list));
  it('is read anew when it is new', () => {
    expect(withOperation(list, operation('b', '2026-01-03'))).toBeUndefined();
    expect(withOperation(undefined, operation('a', '2026-01-03'))).toBeUndefined();
  });
});
