// Finds out whether somebody else has changed what is about to be saved.
import type { RaRecord } from 'react-admin';

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The fields of a change that are not any more what they were when the object was read. Of an object inside, only what
 * the change has is looked at: what the server keeps there by itself, such as a status, is no conflict.
 */
export function changedByOthers(change: Record<string, unknown>, before: Record<string, unknown>, now: Record<string, unknown>): string[] {
  return Object.keys(change).filter((key) => {
    const [next, old, current] = [change[key], before[key], now[key]];
    if (!(key in before)) return false;
    if (isObject(next) && isObject(old) && isObject(current)) return Object.keys(next).some((part) => !same(old[part], current[part]));
    return !same(old, current) && !same(next, current);
  });
}

/** What a save ran into: the object as it is now, and the fields that both have changed. */
export class Conflict extends Error {
  constructor(
    readonly now: RaRecord,
    readonly fields: string[],
    readonly change: Record<string, unknown>,
  ) {
    super('Somebody else has saved this in the meantime. Nothing of yours is lost.');
    this.name = 'Conflict';
  }
}
