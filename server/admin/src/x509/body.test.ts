import { expect, it } from 'vitest';
import { base64Of, bodyOf } from './parts';

it('leaves out extensions that were added and not written', () => {
  const { extensions } = bodyOf({ name: 'a', extensions: [{ name: null, value: null }, {}, { name: 'subjectAltName', value: 'DNS:a.example' }, { name: '1.2.3', value: 'x', critical: true }] }, 'create');
  expect(extensions).toEqual([{ name: 'subjectAltName', value: 'DNS:a.example', critical: false }, { oid: '1.2.3', value: 'x', critical: true }]);
});

it('sends no key and no subject with an import', () => {
  expect(Object.keys(bodyOf({ name: 'a', key_length: '256', common_name: 'a', certificate: 'c', private_key: 'k' }, 'import')).sort()).toEqual(['auto_renew', 'ca', 'certificate', 'enrolment', 'name', 'notes', 'organization', 'private_key']);
});

it('sends a file alone, in base64', () => {
  const body = bodyOf({ name: 'a', certificate: 'c', private_key: 'k', pkcs12: base64Of(new Uint8Array([0, 255, 16])), passphrase: 'p' }, 'import');
  expect(body).toMatchObject({ pkcs12: 'AP8Q', passphrase: 'p' });
  expect(Object.keys(body)).not.toContain('private_key');
});
