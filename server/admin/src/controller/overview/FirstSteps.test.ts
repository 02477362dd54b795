import { expect, test } from 'vitest';
import { stepsOf } from './FirstSteps';

test('steps are done by what there is', () => {
  expect(stepsOf({}).map(({ done }) => done)).toEqual([false, false, false, false]);
  expect(stepsOf({ organizations: 1, devices: 2, templates: 0, applied: 0 }).map(({ done }) => done)).toEqual([true, true, false, false]);
});
