import { describe, expect, it } from 'vitest';
import { nearest, readAddress, wrapped, writeAddress } from './view';

const id = '3bcf03be-0000-4000-8000-000000000001';

describe('the address of a map', () => {
  it('is read as it was written', () => {
    const address = { lat: 41.9, lng: 12.5, zoom: 7, filters: { status: 'error,silent', search: 'high street' }, open: id };
    expect(readAddress(`?${writeAddress(address)}`, '')).toEqual(address);
  });
  it('keeps the floor of what is open', () => {
    const address = { lat: 41.9, lng: 12.5, zoom: 7, filters: { group: id }, open: id, floor: -1 };
    expect(readAddress(`?${writeAddress(address)}`, '')).toEqual(address);
    expect(readAddress(`?open=${id}&floor=1.5`, '').floor).toBeUndefined();
    expect(writeAddress({ filters: {}, floor: 2 })).toBe('');
  });
  it('leaves out what is no place, no status and no filter', () => {
    expect(readAddress('?lat=x&lng=&zoom=99&status=bad&open=<b>&evil=1', '')).toEqual({ lat: undefined, lng: undefined, zoom: undefined, filters: {} });
    expect(readAddress('?status=bad,ok', '').filters).toEqual({ status: 'ok' });
    expect(writeAddress({ filters: {} })).toBe('');
  });
  it('reads the links of OpenWISP', () => {
    expect(readAddress('', `#id=dashboard-geo-map&nodeId=${id}`).open).toBe(id);
    expect(readAddress('', `#id=dashboard-geo-map&nodeId=${id};id=${id}_-2&nodeId=x`)).toMatchObject({ open: id, floor: -2 });
    expect(readAddress('', '#id=other&nodeId=x').open).toBeUndefined();
  });
});

describe('longitudes', () => {
  it('go round the earth', () => {
    expect([190, -190, 540, 180, -180, 12.5].map(wrapped)).toEqual([-170, 170, -180, 180, -180, 12.5]);
    expect([nearest(-170, 179), nearest(10, 12), nearest(10, 370)]).toEqual([190, 10, 370]);
  });
});
