import { expect, it } from 'vitest';
import { planLook, rolloutLook, stepLook, through, waveWords } from './looks';

it('says what a wave is made of, the good news first', () => {
  expect(waveWords({ wave: 0, size: 6, states: { failed: 1, done: 3, running: 2 } })).toBe('3 done, 2 under way, 1 failed');
});

it('counts what is through', () => {
  expect(through({ wave: 0, size: 10, states: { done: 3, failed: 1, waiting: 4, offline: 2 } })).toBe(4);
});

it('has a word for every status, and for those it does not know', () => {
  expect(planLook('applied').word).toBe('applied');
  expect(rolloutLook('stopped').status).toBe('critical');
  expect(stepLook('expired').word).toBe('did not return');
  expect(stepLook('new one').word).toBe('new one');
});
