import { expect, it } from 'vitest';
import { APIError, fieldErrors } from '../../api/errors';
import { previewProblem } from './usePreview';

function refusal(body: unknown): APIError {
  return new APIError('refused', 400, { errors: fieldErrors(body), raw: body });
}

it('takes the path the server names', () => {
  expect(previewProblem(refusal({ config: ['name is required'], path: '#/interfaces/0/name' }))).toEqual({
    message: 'name is required',
    pointer: '#/interfaces/0/name',
  });
});

it('finds the path in the message', () => {
  expect(
    previewProblem(refusal({ config: ['Invalid configuration triggered by "#/radios/1", validator says:\n\nbad'] })),
  ).toEqual({ message: 'bad', pointer: '#/radios/1' });
});

it('falls back to what the answer says', () => {
  expect(previewProblem(new APIError('Too many requests.', 429))).toEqual({ message: 'Too many requests.' });
  expect(previewProblem(new Error('oops'))).toEqual({ message: 'oops' });
});

it('hands on the places of what is wrong', () => {
  const place = { pointer: '/interfaces/0/name', message: 'Needed', source: 'School' };
  expect(previewProblem(refusal({ config: ['Invalid configuration triggered by "#/interfaces/1", validator says:\n\nx'], path: '#/interfaces/1', errors: [place] }))).toMatchObject({
    pointer: '#/interfaces/1',
    places: [place],
  });
});
