// Deleted objects in words.
import type { Recovered } from '../types';

/** What a list of deleted objects is of. */
export interface Back {
  /** Where the API has them. */
  path: string;
  /** The resource they come back to. */
  of: string;
  what: string;
  many: string;
  /** What coming back means. */
  means: string;
}

const device: Back = {
  path: 'controller/deleted-device/',
  of: 'devices',
  what: 'device',
  many: 'devices',
  means: 'It comes back in service with its key and the configuration it had in service last. Its place, its credentials and its former versions do not come back.',
};

const template: Back = {
  path: 'controller/deleted-template/',
  of: 'templates',
  what: 'template',
  many: 'templates',
  means: 'It comes back with its content. Devices get it again where it is a default or required template, or where it is chosen.',
};

/** What the resource of a list is of. */
export function backOf(resource: string): Back {
  return resource === 'deletedtemplates' ? template : device;
}

/** What is said when something is back. */
export function recoveredText(what: string, { name, left_out }: Recovered): string {
  const back = `The ${what} ${name} is back`;
  return left_out.length === 0 ? back : `${back}, without ${left_out.join(', ')}`;
}
