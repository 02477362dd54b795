/** The id of the field at a place of a configuration, by which links find it. */
export function fieldID(path: string[]): string {
  return `field-${path.join('-').replace(/[^A-Za-z0-9_-]/g, '_')}`;
}
