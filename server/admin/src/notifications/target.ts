// Where a notification leads. Its address is one of OpenWISP's admin, /admin/config/device/<id>/change/, which the pages
// here know too; see OldAddress.

/** An object by the names of its kind: config, device. */
export interface Target {
  app: string;
  model: string;
  id: string;
}

/** A place of this admin as a path of the router, or an address elsewhere; undefined where there is nothing to open. */
export function placeOf(address: string): { to: string } | { href: string } | undefined {
  if (address === '' || address === '#') return undefined;
  let url: URL;
  try {
    url = new URL(address, 'https://here.invalid/');
  } catch {
    return undefined;
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined;
  // the server may be known by several names: its pages are opened under the one that was used (spec: notifications §10)
  if (url.pathname.startsWith('/admin/')) return { to: url.pathname.slice('/admin'.length) + url.search + url.hash };
  return { href: url.host === 'here.invalid' ? url.pathname + url.search + url.hash : url.href };
}

/** The object that an address is the page of. */
export function targetOf(address: string): Target | undefined {
  const place = placeOf(address);
  const [, app, model, id] = /^\/([^/]+)\/([^/]+)\/([0-9a-f-]{36})\/change\//.exec(place && 'to' in place ? place.to : '') ?? [];
  return app && model && id ? { app, model, id } : undefined;
}
