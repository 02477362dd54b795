import { expect, it } from 'vitest';
import { choiceInWords } from './AlertDefaultList';
import { defaultBody } from './AlertDefaultForm';
import { monthsBefore } from './AvailabilityPage';
import { lookOf, paramsOf } from './DeviceChecks';
import { numberOf } from './DeviceThresholds';
import { type Check, durationInWords, minutesInWords, originInWords, percentInWords, thresholdInWords } from './healthTypes';
import { localOf, momentOf, timesInWords, whoInWords } from './maintenance';
import { maintenanceBody } from './MaintenanceForm';
import { embedOf } from './StatusPages';

it('says thresholds and where they are from in words', () => {
  expect(thresholdInWords({ operator: '<', threshold: 1, tolerance: 30 })).toBe('less than 1 for 30 minutes');
  expect(thresholdInWords({ operator: '>', threshold: 80, tolerance: 0 })).toBe('more than 80');
  expect([1, 60, 120, 1440, 90].map(minutesInWords)).toEqual(['1 minute', '1 hour', '2 hours', '1 day', '90 minutes']);
  expect(originInWords({ origin: { is_active: 'kind', operator: 'kind', threshold: 'organization', tolerance: 'group' } })).toBe("the group's");
  expect(choiceInWords({ operator: null, threshold: 95, tolerance: 60, is_active: false })).toBe('not well when beyond 95, people are told after 1 hour, nobody is told');
  expect(choiceInWords({ operator: null, threshold: null, tolerance: null, is_active: null })).toBe('as inherited');
  expect(defaultBody({ organization: 'o', group: '', configuration: 'cpu', operator: '', threshold: 0, is_active: 'false' })).toEqual({ organization: 'o', group: null, configuration: 'cpu', operator: null, threshold: 0, tolerance: null, is_active: false });
  expect([numberOf(''), numberOf('0,5'), numberOf('x')]).toEqual([null, 0.5, Number.NaN]);
});

it('reads times of maintenance in their zone, over changes of clocks', () => {
  expect(momentOf('2026-07-01T22:30', 'Europe/Rome')).toBe('2026-07-01T20:30:00.000Z');
  expect(momentOf('2026-12-01T22:30', 'Europe/Rome')).toBe('2026-12-01T21:30:00.000Z');
  expect(momentOf('2026-03-29T03:30', 'Europe/Rome')).toBe('2026-03-29T01:30:00.000Z');
  expect(localOf('2026-07-01T20:30:00Z', 'Europe/Rome')).toBe('2026-07-01T22:30');
  expect(localOf(null, 'UTC')).toBe('');
  const night = { start: '2026-12-01T21:30:00Z', end: '2026-12-01T23:30:00Z', repeat: 'weekly', time_zone: 'Europe/Rome', until: null };
  expect(timesInWords(night, 'en-GB')).toBe('every Tuesday 22:30 to 00:30, Europe/Rome');
  expect(timesInWords({ ...night, repeat: '' }, 'en-GB')).toContain('Wed');
  expect([whoInWords({ devices: [] }), whoInWords({ devices: ['a', 'b'] })]).toEqual(['all devices', '2 devices']);
  expect(maintenanceBody({ organization: 'o', name: 'n', from: '2026-12-01T22:30', to: '2026-12-01T23:30', time_zone: 'UTC', repeat: '', last: '2027-01-01T00:00', group: '' })).toMatchObject({ start: '2026-12-01T22:30:00.000Z', until: null, group: null, devices: [] });
});


it('says how checks are, and takes objects only as parameters', () => {
  const check = { is_active: true, last_error: '', last_run: null } as Check;
  expect([lookOf(check).word, lookOf({ ...check, last_error: 'x' }).word, lookOf({ ...check, is_active: false }).word]).toEqual(['was not run yet', 'could not be done', 'off']);
  expect([paramsOf(''), paramsOf('[1]'), paramsOf('{'), paramsOf('{"count":2}')]).toEqual([{}, undefined, undefined, { count: 2 }]);
});

it('never rounds a part up to everything', () => {
  expect([percentInWords(99.99999), percentInWords(100), percentInWords(null)]).toEqual(['99.999 %', '100 %', 'not measured']);
  expect([0, 59, 3600, 200_000].map(durationInWords)).toEqual(['–', '59 s', '1 h 0 min', '2 d 7 h']);
  expect(monthsBefore(new Date(2026, 0, 31), 3).map(({ id }) => id)).toEqual(['2026-01', '2025-12', '2025-11']);
});

it('embeds a page under a title that cannot break out', () => {
  expect(embedOf({ link: 'https://x/status/a/', title: '"><script>' })).toContain('title="&#34;&#62;&#60;script&#62;"');
});
