import { expect, it } from 'vitest';
import { become, beginning, fieldsOf, kindOf, kindsOf, takesNothing, withField } from './schema';

const ssh = {
  title: 'Credentials type',
  oneOf: [
    { title: 'SSH (password)', required: ['username', 'password'], properties: { username: { type: 'string', title: 'Username' }, password: { type: 'string' }, port: { type: 'integer', default: 22, minimum: 1, maximum: 65535 } } },
    { title: 'SSH (private key)', required: ['username', 'key'], properties: { username: { type: 'string' }, key: { type: 'string', format: 'textarea' }, port: { type: 'number', default: 22 } } },
  ],
};

it('finds the kinds of credentials and the one of a value', () => {
  const kinds = kindsOf(ssh);
  expect(kinds.map(({ title }) => title)).toEqual(['SSH (password)', 'SSH (private key)']);
  expect(kindOf(kinds, {})).toBe(0);
  expect(kindOf(kinds, { username: 'root', key: 'x' })).toBe(1);
  expect(kindOf(kinds, { username: 'root', password: 'x', port: 22 })).toBe(0);
  expect(become(kinds[1], { username: 'root', password: 'x', port: 2222 })).toEqual({ username: 'root', port: 2222 });
});

it('makes fields of a schema', () => {
  const fields = fieldsOf(ssh.oneOf[0]);
  expect(fields.map(({ name, type, required, secret }) => [name, type, required, secret])).toEqual([
    ['username', 'text', true, false],
    ['password', 'text', true, true],
    ['port', 'number', false, false],
  ]);
  expect([fields[2].least, fields[2].most, fields[0].label]).toEqual([1, 65535, 'Username']);
  expect(fieldsOf(ssh.oneOf[1])[1].type).toBe('lines');
  expect(beginning(ssh.oneOf[0])).toEqual({ port: 22 });
});

it('follows references and knows choices', () => {
  const schema = {
    properties: { password: { $ref: '#/definitions/p', title: 'Password' }, version: { type: 'string', enum: ['1', '3'] }, all: { type: 'boolean' } },
    definitions: { p: { type: 'string', minLength: 6, description: 'six' } },
  };
  const [password, version, all] = fieldsOf(schema);
  expect([password.label, password.help, version.type, version.choices, all.type]).toEqual(['Password', 'six', 'choice', ['1', '3'], 'yesno']);
});

it('leaves out what is empty and not required', () => {
  const [username, , port] = fieldsOf(ssh.oneOf[0]);
  expect(withField({ username: 'a', port: 1 }, port, '')).toEqual({ username: 'a' });
  expect(withField({ username: 'a' }, username, '')).toEqual({ username: '' });
  expect(withField({}, port, 2)).toEqual({ port: 2 });
});

it('knows commands without input', () => {
  expect(takesNothing({ type: 'null' })).toBe(true);
  expect(takesNothing({ type: 'object', properties: {} })).toBe(true);
  expect(takesNothing({ type: 'object', properties: { command: {} } })).toBe(false);
});
