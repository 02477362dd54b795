import { expect, it } from 'vitest';
import { APIError } from '../api/errors';
import { plain } from '../design/brand';
import { changesOf, pictureOf, previewOf, problemsOf } from './look';

it('shows a choice over the settings', () => {
  const settings = { ...plain, name: 'From a file', accent: '#0B6E78', accent_dark: '#72D0C5' };
  expect(previewOf(plain, settings)).toEqual(settings);
  expect(previewOf({ ...plain, accent: '#7A1F5C' }, settings)).toEqual({ ...settings, accent: '#7A1F5C', accent_dark: '' });
  expect(changesOf(plain, { ...plain, name: 'x', theme: 'dark' })).toEqual(['name', 'theme']);
});

it('names what is wrong', () => {
  expect(problemsOf(new APIError('no', 400, { errors: { bar: 'Too light.', root: { serverError: 'x' } } }))).toEqual({ bar: 'Too light.' });
  expect(problemsOf(null)).toEqual({});
});

it('reads pictures', async () => {
  expect(await pictureOf(new File([new Uint8Array([1, 2, 255])], 'a.png', { type: 'image/png' }))).toBe('data:image/png;base64,AQL/');
  await expect(pictureOf(new File([new Uint8Array(70_000)], 'big.png'))).rejects.toThrow('69 KB');
});
