// Places: where devices are, on the map and on the plans of buildings.
import { Map as MapIcon, MapPin } from 'lucide-react';
import type { Concern } from '../app/concern';
import { listFinder } from '../app/finders';
import { page } from '../app/pages';
import { readEstimates, saveEstimates } from './estimates';
import { type GeoOperations, geoOperations } from './operations';
import { geoTexts } from './texts';
import type { Location } from './types';

const location = { app: 'geo', model: 'location' };

/** What places give to the admin. */
export const geo: Concern<GeoOperations> = {
  name: 'geo',
  resources: [
    {
      name: 'locations',
      path: 'controller/location/',
      model: location,
      icon: MapPin,
      list: page(() => import('./LocationList')),
      create: page(() => import('./LocationCreate')),
      edit: page(() => import('./LocationEdit')),
    },
  ],
  menu: [
    { section: 'network', order: 30, to: '/map', label: 'Map', icon: MapIcon, permission: 'geo.change_location' },
    { section: 'network', order: 31, resource: 'locations' },
  ],
  routes: [{ path: '/map', page: page(() => import('./MapPage')) }],
  texts: geoTexts,
  operations: geoOperations,
  models: { floorplans: { app: 'geo', model: 'floorplan' }, devicelocations: { app: 'geo', model: 'devicelocation' } },
  tabs: [{ of: 'devices', path: 'place', label: 'Place', model: 'devicelocations', Tab: page(() => import('./PlaceTab')) }],
  extensions: [
    {
      of: 'organizations',
      key: 'estimates',
      model: { app: 'config', model: 'organizationconfigsettings' },
      read: readEstimates,
      save: saveEstimates,
      Fields: page(() => import('./EstimateFields')),
    },
  ],
  finders: [listFinder<Location>({ name: 'Locations', resource: 'locations', path: 'controller/location/', icon: MapPin, title: ({ name }) => name, detail: ({ address }) => address })],
  kinds: {
    'geo.location': { name: 'Location', resource: 'locations' },
    'geo.floorplan': { name: 'Floor plan' },
    'geo.devicelocation': { name: 'Device location' },
  },
  references: { LocationID: 'locations' },
};
