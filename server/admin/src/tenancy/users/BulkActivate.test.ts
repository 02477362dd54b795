import { expect, test } from 'vitest';
import { activation } from './BulkActivate';

test('an end that is past is cleared, one to come stays', () => {
  expect(activation({ expiration_date: '2026-03-03' }, '2026-03-04')).toEqual({ is_active: true, expiration_date: null });
  expect(activation({ expiration_date: '2026-03-04' }, '2026-03-04')).toEqual({ is_active: true });
  expect(activation({ expiration_date: null }, '2026-03-04')).toEqual({ is_active: true });
});
