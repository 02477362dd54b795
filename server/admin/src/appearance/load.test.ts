import { expect, it } from 'vitest';
import { plain } from '../design/brand';
import { brandOf, loadBrand } from './load';

it('believes only what can be drawn', () => {
  expect(brandOf({ name: 'Udine', bar: '#401030', accent: 'red', logo: 'https://elsewhere.example/x.png', icon: 'data:image/png;base64,AA==', theme: 'pink', notice: 3 })).toEqual({
    ...plain,
    name: 'Udine',
    bar: '#401030',
    icon: 'data:image/png;base64,AA==',
  });
  expect(brandOf(null)).toEqual(plain);
});

it('does without an answer', async () => {
  expect(await loadBrand(async () => Promise.reject(new Error('offline')))).toEqual(plain);
  expect(await loadBrand(async () => new Response('busy', { status: 503 }))).toEqual(plain);
  expect(await loadBrand(async () => new Response('<html>'))).toEqual(plain);
  expect((await loadBrand(async () => Response.json({ name: 'Udine' }))).name).toBe('Udine');
});
