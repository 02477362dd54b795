import { expect, test } from 'vitest';
import { bodyOf, declarationOf } from './declared';

const secret = { name: 'wifi_key', declared: true, type: 'text' as const, choices: [], description: 'of the guests', secret: true, set: true, value: null };

test('a secret that is not typed again keeps its value', () => {
  expect(bodyOf(declarationOf(secret))).toEqual({ type: 'text', description: 'of the guests', secret: true, choices: [] });
  expect(bodyOf({ ...declarationOf(secret), value: ' x ' })).toMatchObject({ value: ' x ' });
});

test('a value that is no secret is not sent: the form of the object has it', () => {
  expect(bodyOf({ ...declarationOf(undefined), name: 'vlan', type: 'number', value: '7' })).not.toHaveProperty('value');
});

test('choices are one a line, and only those of a choice are sent', () => {
  const choice = { ...declarationOf(undefined), type: 'choice' as const, choices: 'a\n\n b \n' };
  expect(bodyOf(choice).choices).toEqual(['a', 'b']);
  expect(bodyOf({ ...choice, type: 'text' }).choices).toEqual([]);
});

test('secret values have their types', () => {
  const of = (type: 'boolean' | 'list' | 'number', value: string) => bodyOf({ ...declarationOf(secret), type, value }).value;
  expect(of('boolean', 'true')).toBe(true);
  expect(of('boolean', 'perhaps')).toBe('perhaps');
  expect(of('list', 'a, b')).toEqual(['a', 'b']);
  expect(of('number', '7')).toBe('7');
});
