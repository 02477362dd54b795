// Filters as lists of OpenWISP's admin have them in their addresses: ?config__status__exact=applied.

/** The address that has them here, for a list at a path. Ours takes the same names; of those compared exactly some without saying so. */
export function withOldFilters(path: string, search: string): string {
  const implied = new Set(['config__status', 'monitoring__status', 'organization', 'group', 'config__backend', 'config__templates', 'is_open', 'has_config', 'is_deactivated', 'with_geo', 'stop_time__isnull']);
  const filter: Record<string, string | boolean> = {};
  for (const [name, text] of new URLSearchParams(search)) {
    const [, bare] = /^(.*?)(?:__id)?__exact$/.exec(name) ?? [];
    const value = text.toLowerCase() === 'true' ? true : text.toLowerCase() === 'false' ? false : text;
    if (value !== '') filter[bare && implied.has(bare) ? bare : name] = value;
  }
  return Object.keys(filter).length > 0 ? `${path}?filter=${encodeURIComponent(JSON.stringify(filter))}` : path;
}
