import { expect, it } from 'vitest';
import { csv } from './csv';

it('values are quoted where they must be, and formulas are defused', () => {
  const columns = [
    { title: 'Name', of: (r: { name: unknown }) => r.name },
    { title: 'Organization', of: (_: { name: unknown }, nameOf: (id: string) => string) => nameOf('1') },
  ];
  const names = ['plain', 'with, comma', 'with "quotes"', 'two\nlines', '=1+1', '+39 366', null, true, -5];
  expect(csv(columns, names.map((name) => ({ name })), () => 'Acme').split('\r\n')).toEqual([
    'Name,Organization',
    'plain,Acme',
    '"with, comma",Acme',
    '"with ""quotes""",Acme',
    '"two\nlines",Acme',
    "'=1+1,Acme",
    "'+39 366,Acme",
    ',Acme',
    'true,Acme',
    '-5,Acme',
    '',
  ]);
  expect(csv(columns, [])).toBe('Name,Organization\r\n');
});
