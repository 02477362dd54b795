import { describe, expect, it } from 'vitest';
import { backOf, recoveredText } from './words';

describe('deleted objects', () => {
  it('are those of the list', () => {
    expect(backOf('deletedtemplates')).toMatchObject({ of: 'templates', path: 'controller/deleted-template/' });
    expect(backOf('deleteddevices')).toMatchObject({ of: 'devices', path: 'controller/deleted-device/' });
  });
  it('say what did not come back', () => {
    expect(recoveredText('device', { id: '1', name: 'ap1', left_out: [] })).toBe('The device ap1 is back');
    expect(recoveredText('device', { id: '1', name: 'ap1', left_out: ['its group, which is gone', 'the template x, which is gone'] })).toBe(
      'The device ap1 is back, without its group, which is gone, the template x, which is gone',
    );
  });
});
