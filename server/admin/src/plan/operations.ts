// What can be done with plans and rollouts beyond reading and writing resources.
import type { DataProvider, Identifier } from 'react-admin';
import type { Request } from '../api/client';
import type { ListAnswer } from '../api/types';
import type { ApplyRequest, Plan, PlanComment, PlanGroup, Rollout, RolloutStep } from './types';

/** What people decide about a rollout. */
export type Decision = 'pause' | 'resume' | 'cancel' | 'rollback';

/** The operations. */
export interface PlanOperations {
  plan(id: Identifier): Promise<Plan>;
  computePlan(id: Identifier): Promise<Plan>;
  signPlan(id: Identifier, approve: boolean): Promise<Plan>;
  applyPlan(id: Identifier, request: ApplyRequest): Promise<Plan>;
  planGroups(id: Identifier, page: number): Promise<ListAnswer<PlanGroup>>;
  planComments(id: Identifier): Promise<ListAnswer<PlanComment>>;
  commentPlan(id: Identifier, text: string): Promise<PlanComment>;
  rollout(id: Identifier): Promise<Rollout>;
  decideRollout(id: Identifier, what: Decision, body?: Record<string, unknown>): Promise<Rollout>;
  rolloutSteps(id: Identifier, page: number, state?: string): Promise<ListAnswer<RolloutStep>>;
}

/** The data provider as the pages use it. */
export type PlanProvider = DataProvider & PlanOperations;

/** Where the API has plans and rollouts. */
export const paths = { plans: 'controller/plan/', rollouts: 'rollout/' };

/** How many groups, and devices, are read at once. */
export const perPage = 20;

/** The operations over a client. */
export function planOperations(request: Request): PlanOperations {
  const plan = (id: Identifier) => `${paths.plans}${encodeURIComponent(String(id))}/`;
  const rollout = (id: Identifier) => `${paths.rollouts}${encodeURIComponent(String(id))}/`;
  return {
    plan: (id) => request<Plan>('GET', plan(id)),
    computePlan: (id) => request<Plan>('POST', `${plan(id)}compute/`),
    signPlan: (id, approve) => request<Plan>('POST', `${plan(id)}sign/`, { body: { approve } }),
    applyPlan: (id, body) => request<Plan>('POST', `${plan(id)}apply/`, { body }),
    planGroups: (id, page) => request<ListAnswer<PlanGroup>>('GET', `${plan(id)}group/`, { query: { page, page_size: perPage } }),
    planComments: (id) => request<ListAnswer<PlanComment>>('GET', `${plan(id)}comment/`, { query: { page_size: 100 } }),
    commentPlan: (id, text) => request<PlanComment>('POST', `${plan(id)}comment/`, { body: { text } }),
    rollout: (id) => request<Rollout>('GET', rollout(id)),
    decideRollout: (id, what, body = {}) => request<Rollout>('POST', `${rollout(id)}${what}/`, { body }),
    rolloutSteps: (id, page, state) => request<ListAnswer<RolloutStep>>('GET', `${rollout(id)}device/`, { query: { page, page_size: perPage, state } }),
  };
}
