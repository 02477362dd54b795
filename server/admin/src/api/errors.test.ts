import { describe, expect, it } from 'vitest';
import { configurationError, fieldErrors, flattenErrors, noticeFor, pointerSegments, placesOf } from './errors';

describe('fieldErrors', () => {
  it.each([
    ['a list of messages', { name: ['Too long.', 'Not a host name.'] }, { name: 'Too long. Not a host name.' }],
    ['a plain string', { config__templates: 'Invalid UUID format' }, { config__templates: 'Invalid UUID format' }],
    ['a nested object', { config: { backend: ['This field is required.'] } }, { config: { backend: 'This field is required.' } }],
    ['a message about a whole nested object', { config: ['The configuration field cannot be empty.'] }, { config: 'The configuration field cannot be empty.' }],
    ['__all__ of a nested object', { config: { __all__: ['Wrong.'] } }, { config: 'Wrong.' }],
    ['items of a list', { organization_users: [{}, { organization: ['Unknown.'] }] }, { organization_users: { 1: { organization: 'Unknown.' } } }],
    ['the whole object, both spellings', { __all__: ['A.'], non_field_errors: ['B.'] }, { root: { serverError: 'A. B.' } }],
    ['fields and the whole object', { slug: ['Taken.'], __all__: ['No.'] }, { slug: 'Taken.', root: { serverError: 'No.' } }],
    ['nothing', {}, {}],
    ['not an object', 'oops', {}],
    ['null', null, {}],
  ])('reads %s', (_, body, want) => {
    expect(fieldErrors(body)).toEqual(want);
  });
});

describe('flattenErrors', () => {
  it('names every field by its path and the whole object by none', () => {
    const errors = fieldErrors({ name: ['X.'], config: { context: ['Y.'] }, __all__: ['Z.'] });
    expect(flattenErrors(errors)).toEqual([
      { field: 'name', message: 'X.' },
      { field: 'config.context', message: 'Y.' },
      { field: '', message: 'Z.' },
    ]);
  });
  it('reads the errors a form library keeps', () => {
    const errors = { name: { type: 'required', message: 'Required', ref: {} }, root: { serverError: { message: 'No.' } } };
    expect(flattenErrors(errors)).toEqual([
      { field: 'name', message: 'Required' },
      { field: '', message: 'No.' },
    ]);
  });
});

describe('noticeFor', () => {
  it.each([
    [401, { detail: 'Invalid token.' }, null, 'Your session has ended. Please log in again.'],
    [403, { detail: 'The device must be deactivated prior to deletion' }, null, 'The device must be deactivated prior to deletion'],
    [403, null, null, 'You do not have permission to do this.'],
    [404, { detail: 'Not found.' }, null, 'This does not exist, or is not visible to you.'],
    [404, { detail: 'Invalid page.' }, null, 'Invalid page.'],
    [429, null, '30', 'Too many requests. Please try again in 30 seconds.'],
    [429, null, '86400', 'Too many requests. Please try again in 24 hours.'],
    [429, null, null, 'Too many requests. Please try again later.'],
    [500, null, null, 'The server failed to answer this. The error has been recorded in its log.'],
    [503, null, null, 'The server is busy or restarting. Please try again.'],
    [400, { name: ['Wrong.'] }, null, 'name: Wrong.'],
    [400, { __all__: ['Wrong.'] }, null, 'Wrong.'],
    [418, null, null, 'The server refused this (status 418).'],
  ])('of a %d says what a person can use', (status, body, retryAfter, want) => {
    expect(noticeFor(status, body, retryAfter)).toBe(want);
  });
});

describe('errors of a configuration', () => {
  it('tells where from what', () => {
    expect(configurationError('Invalid configuration triggered by "#/interfaces/0", validator says:\n\nname is required')).toEqual({
      pointer: '#/interfaces/0',
      message: 'name is required',
    });
    expect(
      configurationError('There is a conflict with the specified templates. Invalid configuration triggered by "#/", validator says:\n\nno'),
    ).toEqual({ pointer: '#/', message: 'Conflict with the templates: no' });
    expect(configurationError('The configuration field cannot be empty.')).toEqual({
      message: 'The configuration field cannot be empty.',
    });
  });
  it.each([
    ['#/interfaces/0/name', ['interfaces', '0', 'name']],
    ['#/', []],
    ['#', []],
    [undefined, []],
    ['#/a~1b/c~0d/e%20f', ['a/b', 'c~d', 'e f']],
  ])('splits the pointer %s', (pointer, want) => {
    expect(pointerSegments(pointer)).toEqual(want);
  });
});

it('takes no error of a place in a configuration for one of a field', () => {
  const body = { config: ['Wrong.'], errors: [{ pointer: '/interfaces/0/name', message: 'At most 15 characters', source: '' }] };
  expect(fieldErrors(body)).toEqual({ config: 'Wrong.' });
  expect(fieldErrors({ errors: ['Bad.'] })).toEqual({ errors: 'Bad.' });
});

describe('places in a configuration', () => {
  const sentence = 'Invalid configuration triggered by "#/interfaces/1", validator says:\n\n{…} is not valid under any of the given schemas';
  const place = { pointer: '/interfaces/0/wireless/encryption/key', message: 'At least 8 characters, now 5', source: '' };

  it('are told in place of the sentence of a schema', () => {
    expect(fieldErrors({ config: [sentence], errors: [place] })).toEqual({ config: 'interfaces › 0 › wireless › encryption › key: At least 8 characters, now 5' });
    expect(fieldErrors({ config: [sentence], errors: [{ ...place, source: 'School' }] })).toEqual({
      config: 'interfaces › 0 › wireless › encryption › key: At least 8 characters, now 5 (in the template School)',
    });
    expect(fieldErrors({ config: [`There is a conflict with the specified templates. ${sentence}`], errors: [place] }).config).toMatch(/^Conflict with the templates\. interfaces/);
  });

  it('leave other messages as they are', () => {
    expect(fieldErrors({ name: ['This field is required.'], errors: [place] })).toEqual({ name: 'This field is required.' });
    expect(fieldErrors({ errors: ['Bad.'] })).toEqual({ errors: 'Bad.' });
  });

  it('are none where there are none', () => {
    expect(placesOf({ errors: [place, { pointer: 3 }] })).toEqual([place]);
    for (const body of [undefined, null, 'x', [], { errors: 'x' }]) expect(placesOf(body)).toEqual([]);
  });
});
