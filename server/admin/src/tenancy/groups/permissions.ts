// What groups are made of, arranged for people: by application and model, with the four usual actions as columns.
import type { Permission } from '../types';

/** The actions every model has, in the order of their columns. */
export const actions = ['view', 'add', 'change', 'delete'] as const;

export type Action = (typeof actions)[number];

/** The permissions of one model: those of the usual actions, and others. */
export interface ModelPermissions {
  model: string;
  label: string;
  byAction: Partial<Record<Action, Permission>>;
  others: Permission[];
}

/** The models of one application. */
export interface AppPermissions {
  app: string;
  label: string;
  models: ModelPermissions[];
}

const appLabels: Record<string, string> = {
  account: 'E-mail addresses',
  audit: 'Audit trail',
  authtoken: 'Tokens',
  config: 'Configuration',
  connection: 'Connections',
  django_x509: 'Certificates',
  firmware_upgrader: 'Firmware',
  geo: 'Places',
  monitoring: 'Monitoring',
  openwisp_ipam: 'IP addresses',
  openwisp_notifications: 'Notifications',
  openwisp_radius: 'RADIUS',
  openwisp_users: 'Users and organizations',
  pki: 'Certificates',
  topology: 'Topology',
};

function actionOf({ codename, model }: Permission): Action | undefined {
  return actions.find((action) => codename === `${action}_${model}`);
}

/** The catalogue by application and model, in its order. A search keeps models and permissions that hold its words. */
export function arrange(catalogue: Permission[], search = ''): AppPermissions[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const apps: AppPermissions[] = [];
  for (const permission of catalogue) {
    const appLabel = appLabels[permission.app] ?? permission.app;
    const text = `${appLabel} ${permission.app}.${permission.codename} ${permission.name}`.toLowerCase();
    if (!words.every((word) => text.includes(word))) continue;
    let app = apps.find((known) => known.app === permission.app);
    if (!app) {
      app = { app: permission.app, label: appLabel, models: [] };
      apps.push(app);
    }
    let model = app.models.find((known) => known.model === permission.model);
    if (!model) {
      model = { model: permission.model, label: permission.model, byAction: {}, others: [] };
      app.models.push(model);
    }
    const action = actionOf(permission);
    if (!action) {
      model.others.push(permission);
      continue;
    }
    model.byAction[action] = permission;
    model.label = permission.name.replace(/^Can \w+ /, '');
  }
  return apps;
}

/** All permissions of a model. */
export function permissionsOf({ byAction, others }: ModelPermissions): Permission[] {
  return [...actions.flatMap((action) => byAction[action] ?? []), ...others];
}

/** The numbers of a group's permissions, which the API writes as "33: user | Can add user" and takes as numbers too. */
export function permissionNumbers(permissions: (string | number)[] | undefined): number[] {
  return (permissions ?? []).map((permission) => Number.parseInt(String(permission), 10)).filter((number) => number > 0);
}

/** A choice with some permissions added or taken out, in ascending order. */
export function withPermissions(chosen: number[], permissions: Permission[], wanted: boolean): number[] {
  const next = new Set(chosen);
  for (const { id } of permissions) {
    if (wanted) next.add(id);
    else next.delete(id);
  }
  return [...next].sort((a, b) => a - b);
}
