import { expect, it } from 'vitest';
import { requestOf } from './ApplyDialog';

const fields = { first: '5', parts: '10, 50%', pause: '1.5', confirm: false, failures: '2', within: '30', lost: '', ill: '', stop: 'rollback', accept: true };

it('makes waves of a number and of parts, and seconds of minutes', () => {
  expect(requestOf(fields)).toEqual({
    accept_invalid: true,
    strategy: {
      waves: [
        { count: 5, pause: 90, confirm: false },
        { percent: 10, pause: 90, confirm: false },
        { percent: 50, pause: 90, confirm: false },
      ],
      max_failed: 2,
      return_within: 1800,
      on_stop: 'rollback',
    },
  });
});

it('leaves everything to one wave where nothing is said', () => {
  expect(requestOf({ ...fields, first: '0', parts: '' }).strategy.waves).toEqual([]);
});

it('says of health what is tolerated, and nothing where nothing is said', () => {
  expect(requestOf({ ...fields, lost: '0', ill: '5 %' }).strategy).toMatchObject({ max_unreachable: 0, max_problems_percent: 5 });
  expect(requestOf(fields).strategy).not.toHaveProperty('max_unreachable');
});
