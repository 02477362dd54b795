/** The permissions of one model. */
export interface ModelPermissions {
  model: string;
  names: string[];
}

/** Permissions as the API writes them ("33: user | Can add user"), gathered by model in their order. */
export function permissionsByModel(permissions: string[]): ModelPermissions[] {
  const models = new Map<string, string[]>();
  for (const permission of permissions) {
    const match = /^\d+: (.+?) \| (.+)$/.exec(permission);
    const model = match?.[1] ?? 'other';
    const name = (match?.[2] ?? permission).replace(/^Can /, '').replace(new RegExp(` ${escape(model)}$`), '');
    models.set(model, [...(models.get(model) ?? []), name]);
  }
  return [...models].map(([model, names]) => ({ model, names }));
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
