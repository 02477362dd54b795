// The find field over the lists of the API.
import type { ListAnswer } from '../api/types';
import type { Finder, Found } from './concern';

/** Finds objects of a resource through the search of its list. */
export function listFinder<T extends { id: string | number }>(finder: {
  name: string;
  resource: string;
  path: string;
  icon?: Finder['icon'];
  title(found: T): string;
  detail?(found: T): string | undefined;
}): Finder {
  const { name, resource, path, icon, title, detail } = finder;
  return {
    name,
    resource,
    icon,
    async find(request, text, signal): Promise<Found[]> {
      const { results } = await request<ListAnswer<T>>('GET', path, { query: { search: text, page_size: 6 }, signal });
      return results.map((found) => ({ id: `${resource}-${found.id}`, to: `/${resource}/${encodeURIComponent(String(found.id))}`, title: title(found), detail: detail?.(found) }));
    },
  };
}
