import { describe, expect, it } from 'vitest';
import { contains, countText, formatAddress, parseAddress, shareText, stepAddress } from './addresses';

describe('addresses', () => {
  it('are read and spelled again', () => {
    for (const text of ['0.0.0.0', '10.0.0.1', '255.255.255.255', '::', '::1', 'fd00::', 'fd00::1:0:0:2', '1:2:3:4:5:6:7:8', 'fd00:0:1::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff']) {
      const read = parseAddress(text);
      expect(read, text).toBeDefined();
      expect(read && formatAddress(read)).toBe(text);
    }
    expect(parseAddress('::ffff:10.0.0.1')?.value).toBe(0xffff0a000001n);
    for (const wrong of ['', '10.0.0', '10.0.0.256', '10.0.0.a', ':::', '1::2::3', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', 'g::', '12345::', '10.0.0.1/24']) expect(parseAddress(wrong), wrong).toBeUndefined();
  });
  it('are stepped', () => {
    expect(stepAddress('10.0.0.255', 1)).toBe('10.0.1.0');
    expect(stepAddress('fd00::ffff', 1)).toBe('fd00::1:0');
    expect(stepAddress('10.0.0.0', -1)).toBe('9.255.255.255');
    expect(stepAddress('0.0.0.0', -1)).toBeUndefined();
    expect(stepAddress('255.255.255.255', 1)).toBeUndefined();
  });
  it('lie in networks', () => {
    expect(contains('10.0.0.0/24', '10.0.0.255')).toBe(true);
    expect(contains('10.0.0.0/24', '10.0.1.0')).toBe(false);
    expect(contains('fd00::/64', 'fd00::ffff:0:0:1')).toBe(true);
    expect(contains('fd00::/64', '10.0.0.1')).toBe(false);
    expect(contains('::/0', 'fd00::1')).toBe(true);
  });
  it('are counted for people', () => {
    expect(countText('254')).toBe('254');
    expect(countText('18446744073709551615')).toBe('2^64');
    expect([0, 0.0001, 0.5, 0.999, 1].map(shareText)).toEqual(['0 %', '<1 %', '50 %', '99 %', '100 %']);
  });
});
