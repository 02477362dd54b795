// RADIUS: groups with limits, access servers, sessions and answers.
import { Activity, ConciergeBell, KeyRound, KeySquare, ListChecks, MessageSquareReply, PanelsTopLeft, Smartphone, Ticket, UsersRound, Wifi } from 'lucide-react';
import type { Concern } from '../app/concern';
import { listFinder } from '../app/finders';
import { page } from '../app/pages';
import { type RadiusOperations, radiusOperations, readPortal, readSettings, readUserGroups, savePortal, saveSettings } from './operations';
import { radiusTexts } from './texts';
import type { NAS, RadiusGroup } from './types';

const app = 'openwisp_radius';

/** What RADIUS gives to the admin. */
export const radius: Concern<RadiusOperations> = {
  name: 'radius',
  resources: [
    { name: 'radiussessions', path: 'radius/accounting/', model: { app, model: 'radiusaccounting' }, icon: Activity, title: 'username', list: page(() => import('./SessionList')) },
    {
      name: 'radiusgroups',
      path: 'radius/group/',
      model: { app, model: 'radiusgroup' },
      icon: UsersRound,
      list: page(() => import('./GroupList')),
      create: page(() => import('./GroupCreate')),
      edit: page(() => import('./GroupEdit')),
    },
    {
      name: 'nas',
      path: 'radius/nas/',
      model: { app, model: 'nas' },
      icon: KeySquare,
      list: page(() => import('./NASList')),
      create: page(() => import('./NASCreate')),
      edit: page(() => import('./NASEdit')),
    },
    {
      name: 'radiusbatches',
      path: 'radius/batch/',
      model: { app, model: 'radiusbatch' },
      icon: Ticket,
      list: page(() => import('./BatchList')),
      create: page(() => import('./BatchCreate')),
      edit: page(() => import('./BatchShow')),
    },
    ...(['check', 'reply'] as const).map((kind) => ({
      name: kind === 'check' ? 'radiuschecks' : 'radiusreplies',
      path: `radius/${kind}/`,
      model: { app, model: `radius${kind}` },
      icon: kind === 'check' ? KeyRound : MessageSquareReply,
      title: 'username',
      list: kind === 'check' ? page(() => import('./CheckList')) : page(() => import('./ReplyList')),
      create: kind === 'check' ? page(() => import('./CheckCreate')) : page(() => import('./ReplyCreate')),
      edit: kind === 'check' ? page(() => import('./CheckEdit')) : page(() => import('./ReplyEdit')),
    })),
    {
      name: 'loginpages',
      path: 'radius/login-page/',
      model: { app: 'loginpages', model: 'page' },
      icon: PanelsTopLeft,
      title: 'variant',
      list: page(() => import('./LoginPageList')),
      create: page(() => import('./LoginPageCreate')),
      edit: page(() => import('./LoginPageEdit')),
    },
    { name: 'postauths', path: 'radius/postauth/', model: { app, model: 'radiuspostauth' }, icon: ListChecks, title: 'username', list: page(() => import('./AnswerList')) },
    { name: 'guests', path: 'radius/guest/', model: { app: 'portal', model: 'guest' }, icon: ConciergeBell, list: page(() => import('./GuestList')) },
    { name: 'remembereddevices', path: 'radius/remembered-device/', model: { app: 'portal', model: 'device' }, icon: Smartphone, title: 'mac', list: page(() => import('./RememberedList')) },
  ],
  menu: [
    { section: 'access', order: 60, resource: 'radiussessions' },
    { section: 'access', order: 61, resource: 'radiusgroups' },
    { section: 'access', order: 62, resource: 'nas' },
    { section: 'access', order: 63, resource: 'radiusbatches' },
    { section: 'access', order: 64, resource: 'radiuschecks' },
    { section: 'access', order: 65, resource: 'radiusreplies' },
    { section: 'access', order: 66, to: '/wpa-enterprise', label: 'WPA-Enterprise', icon: Wifi, permission: `${app}.view_organizationradiussettings` },
    { section: 'access', order: 67, resource: 'postauths' },
    { section: 'access', order: 68, resource: 'guests' },
    { section: 'access', order: 69, resource: 'remembereddevices' },
    { section: 'access', order: 70, resource: 'loginpages' },
  ],
  routes: [{ path: '/wpa-enterprise', page: page(() => import('./EnterprisePage')) }],
  texts: radiusTexts,
  operations: radiusOperations,
  models: { radiusgroupcheck: { app, model: 'radiusgroupcheck' }, radiusgroupreply: { app, model: 'radiusgroupreply' } },
  extensions: [
    {
      of: 'users',
      key: 'radius_groups',
      model: { app, model: 'radiususergroup' },
      read: readUserGroups,
      save: async () => undefined, // the card sends each change at once
      Fields: page(() => import('./UserGroups')),
    },
    {
      of: 'organizations',
      key: 'radius_settings',
      model: { app, model: 'organizationradiussettings' },
      read: readSettings,
      save: saveSettings,
      Fields: page(() => import('./SettingsFields')),
    },
    {
      of: 'organizations',
      key: 'portal_settings',
      model: { app: 'portal', model: 'settings' },
      read: readPortal,
      save: savePortal,
      Fields: page(() => import('./PortalFields')),
    },
  ],
  finders: [
    listFinder<RadiusGroup>({ name: 'RADIUS groups', resource: 'radiusgroups', path: 'radius/group/', icon: UsersRound, title: ({ name }) => name, detail: ({ description }) => description }),
    listFinder<NAS>({ name: 'Access servers', resource: 'nas', path: 'radius/nas/', icon: KeySquare, title: ({ short_name }) => short_name, detail: ({ name }) => name }),
  ],
  kinds: {
    'openwisp_radius.radiusgroup': { name: 'RADIUS group', resource: 'radiusgroups' },
    'openwisp_radius.radiusgroupcheck': { name: 'Limit of a RADIUS group' },
    'openwisp_radius.radiusgroupreply': { name: 'Reply of a RADIUS group' },
    'openwisp_radius.radiususergroup': { name: 'Member of a RADIUS group' },
    'openwisp_radius.radiusbatch': { name: 'Batch of users', resource: 'radiusbatches' },
    'openwisp_radius.nas': { name: 'Access server', resource: 'nas' },
    'openwisp_radius.radiuscheck': { name: 'RADIUS check', resource: 'radiuschecks' },
    'openwisp_radius.radiusreply': { name: 'RADIUS reply', resource: 'radiusreplies' },
    'openwisp_radius.enterprisenetwork': { name: 'Network with WPA-Enterprise' },
    'openwisp_radius.organizationradiussettings': { name: 'RADIUS settings' },
    'portal.settings': { name: 'Captive portal settings' },
    'portal.guest': { name: 'Guest', resource: 'guests' },
    'portal.device': { name: 'Remembered device', resource: 'remembereddevices' },
    'loginpages.page': { name: 'Login page', resource: 'loginpages' },
    'loginpages.asset': { name: 'File of login pages' },
    'openwisp_radius.registereduser': { name: 'Registration' },
  },
};
