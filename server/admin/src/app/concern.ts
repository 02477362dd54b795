// What a folder of the admin gives to the whole: one value, in one list. The frame folds over the list and knows no
// concern by name, so a concern, also a vendor's, is added without touching what is there.
import type { ComponentType } from 'react';
import type { Identifier, RaRecord } from 'react-admin';
import type { Request } from '../api/client';
import type { Column } from '../lists/columns';
import type { Filter } from '../lists/filters';

/** A model as permissions name it: <app>.<action>_<model>. */
export interface Model {
  app: string;
  model: string;
}

/** A list of objects of the API, with its pages. */
export interface ResourceDefinition {
  /** How the admin calls it, also in addresses: devices. */
  name: string;
  /** Where the API has it, below /api/v1/: controller/device/. */
  path: string;
  /** What its permissions are named after; without it everybody may see it. */
  model?: Model;
  /** What its lists and pages watch, where that is not named after the model. */
  kind?: string;
  icon?: ComponentType;
  list?: ComponentType;
  create?: ComponentType;
  edit?: ComponentType;
  /** The field that names an object, when it is not "name". */
  title?: string;
  /** Where something is made in another way than by posting it to the list. */
  creates?(data: Record<string, unknown>): { path: string; body: Record<string, unknown> } | undefined;
  /** Puts what the API refused where the form shows it. */
  refused?(error: unknown): unknown;
}

/** The parts of the navigation, from top to bottom. */
export const sections = ['top', 'network', 'monitoring', 'firmware', 'reaching', 'addressing', 'access', 'administration', 'more'] as const;

/** A part of the navigation. */
export type Section = (typeof sections)[number];

/** An entry of the navigation: the list of a resource, or a page of its own. */
export interface MenuEntry {
  section: Section;
  /** The entries of a section are ordered by it; those of one number by their concerns. */
  order?: number;
  resource?: string;
  to?: string;
  /** An address outside the application. */
  href?: string;
  label?: string;
  icon?: ComponentType;
  /** Addresses of other pages that belong to it: the deleted ones, the import. */
  covers?: string[];
  /** Needed to see it, such as support.view_ticket. */
  permission?: string;
}

/** A page at an address of its own. */
export interface RouteDefinition {
  path: string;
  page: ComponentType;
}

/**
 * What a concern keeps for an object of another's: read with it, saved with it, shown as a part of its form. The
 * values are in the form under the key.
 */
export interface Extension {
  /** The resource it belongs to. */
  of: string;
  key: string;
  model?: Model;
  /** Resolves to undefined where there is nothing, or nothing the caller may see. */
  read(request: Request, id: Identifier): Promise<unknown>;
  save(request: Request, id: Identifier, change: Record<string, unknown>): Promise<unknown>;
  Fields: ComponentType;
  /** What saving a change of it touches, as a sentence in the bar that saves. */
  Touched?: ComponentType;
  /** What a change of it led to, from the answer to it, above the form. */
  Aftermath?: ComponentType<{ kept: unknown }>;
}

/** One answer of the find field. */
export interface Found {
  id: string;
  to: string;
  title: string;
  detail?: string;
}

/** What the find field looks through. */
export interface Finder {
  /** The heading of its answers. */
  name: string;
  resource: string;
  icon?: ComponentType;
  find(request: Request, text: string, signal: AbortSignal): Promise<Found[]>;
}

/** Texts by key, as react-admin's i18n takes them; resources.<name>.fields.<source> are the labels of fields. */
export interface Texts {
  [key: string]: string | Texts;
}

/** A card of the overview. */
export interface OverviewPart {
  /** Where it stands: over the whole width, in the main column, or beside it. */
  place: 'top' | 'main' | 'side';
  order?: number;
  model?: Model;
  /** The chart of the dashboard that it draws, which then is not drawn once more. */
  chart?: string;
  Part: ComponentType;
}

/** What a folder exports. */
export interface Concern<Operations extends object = object> {
  name: string;
  resources: ResourceDefinition[];
  menu: MenuEntry[];
  routes?: RouteDefinition[];
  texts: Texts;
  /** Functions added to the data provider: what is not reading or writing a resource. */
  operations?(request: Request): Operations;
  extensions?: Extension[];
  finders?: Finder[];
  overview?: OverviewPart[];
  /** Models that permissions ask about without being resources, by the name pages use. */
  models?: Record<string, Model>;
  /** What the audit trail records of it, by the name of the kind. */
  kinds?: Record<string, { name: string; resource?: string }>;
  /** Resources whose ids fields of the audit trail hold, by the last part of the field's name. */
  references?: Record<string, string>;
  /** The log-in page; one concern has it. */
  login?: ComponentType;
  /** The form of the log-in, for a dialog over the page. */
  loginForm?: ComponentType<{ login(proof: Record<string, unknown>): Promise<unknown> }>;
  /** Entries of the account menu. */
  account?: { to: string; label: string; icon?: ComponentType }[];
  /** Tools of the bar, before the theme: the bell. */
  bar?: ComponentType[];
  /** Buttons added to the header of another's object, by the resource it is of. */
  actions?: { of: string; Action: ComponentType }[];
  /** Tabs added to the page of another's object; model is a name of models that must be seen for it. */
  tabs?: { of: string; path: string; label: string; model?: string; Tab: ComponentType }[];
  /** Columns and filters added to another's list; model is a name of models that must be seen for them. */
  lists?: { of: string; model?: string; columns?: Column<RaRecord>[]; filters?: Filter[] }[];
  /** Buttons for what is selected in another's list. */
  bulk?: { of: string; Action: ComponentType }[];
}

/** The models of the concerns by the names pages ask with: resources, extensions and others. */
export function modelsOf(concerns: Concern[]): Record<string, Model> {
  const models: Record<string, Model> = {};
  for (const concern of concerns) {
    for (const { name, model } of concern.resources) if (model) models[name] = model;
    for (const { key, model } of concern.extensions ?? []) if (model) models[key] = model;
    Object.assign(models, concern.models);
  }
  return models;
}

/** The navigation's entries by section, in their order. */
export function menuOf(concerns: Concern[]): { section: Section; entries: MenuEntry[] }[] {
  const entries = concerns.flatMap(({ menu }) => menu);
  return sections
    .map((section) => ({
      section,
      entries: entries.filter((entry) => entry.section === section).sort((a, b) => (a.order ?? 100) - (b.order ?? 100)),
    }))
    .filter((part) => part.entries.length > 0);
}
