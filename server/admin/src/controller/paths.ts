// Addresses of the API and of the admin that the controller's pages link to.
import { apiRoot } from '../api/client';

/** The archive a device would download now, or the one of a template alone. */
export function downloadPath(what: 'device' | 'template', id: string): string {
  return `${apiRoot}controller/${what}/${id}/configuration/`;
}

/** The address of the device list with a filter. */
export function deviceListPath(filter: Record<string, unknown>): string {
  return `/devices?${new URLSearchParams({ filter: JSON.stringify(filter), page: '1' })}`;
}
