// Plans and rollouts: what changes would do, and how they reach devices in waves.
import { ListChecks, Waves } from 'lucide-react';
import type { Concern } from '../app/concern';
import { listFinder } from '../app/finders';
import { page } from '../app/pages';
import { type PlanOperations, paths, planOperations } from './operations';
import { planTexts } from './texts';
import type { Plan } from './types';

/** What plans give to the admin. */
export const plan: Concern<PlanOperations> = {
  name: 'plan',
  resources: [
    {
      name: 'plans',
      path: paths.plans,
      model: { app: 'config', model: 'plan' },
      icon: ListChecks,
      list: page(() => import('./PlanList')),
      create: page(() => import('./PlanCreate')),
      edit: page(() => import('./PlanEdit')),
    },
    {
      name: 'rollouts',
      path: paths.rollouts,
      model: { app: 'rollout', model: 'rollout' },
      icon: Waves,
      title: 'label',
      list: page(() => import('./RolloutList')),
      edit: page(() => import('./RolloutEdit')),
    },
  ],
  menu: [
    { section: 'network', order: 25, resource: 'plans' },
    { section: 'network', order: 26, resource: 'rollouts' },
  ],
  texts: planTexts,
  operations: planOperations,
  finders: [listFinder<Plan>({ name: 'Plans', resource: 'plans', path: paths.plans, icon: ListChecks, title: ({ name }) => name })],
  kinds: {
    'config.plan': { name: 'Plan', resource: 'plans' },
    'rollout.rollout': { name: 'Rollout', resource: 'rollouts' },
  },
  references: { RolloutID: 'rollouts' },
};
