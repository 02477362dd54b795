// What the API has of plans and rollouts.

/** One change of a plan. */
export interface PlanChange {
  kind: string;
  action: string;
  id: string | null;
  name?: string;
  set: unknown;
}

/** A plan. */
export interface Plan {
  id: string;
  organization: string | null;
  name: string;
  notes: string;
  status: 'draft' | 'computing' | 'planned' | 'applying' | 'applied' | 'rolled_back';
  problem: string;
  source: string;
  changes: PlanChange[];
  computed: string | null;
  affected: number;
  changed: number;
  invalid: number;
  away: number;
  signed_by: string;
  signed: string | null;
  rollout: string | null;
  actor: string;
  created: string;
  modified: string;
  ended: string | null;
}

/** Devices to which a plan does the same. */
export interface PlanGroup {
  id: string;
  diff: string;
  fault: string;
  added: number;
  removed: number;
  count: number;
  away: number;
  sample_id: string | null;
  sample: string;
}

/** What somebody says about a plan. */
export interface PlanComment {
  id: string;
  actor: string;
  text: string;
  created: string;
}

/** How far a wave is: how many devices are in each state. */
export interface WaveProgress {
  wave: number;
  size: number;
  states: Record<string, number>;
}

/** A rollout. */
export interface Rollout {
  id: string;
  organization: string | null;
  kind: string;
  subject: string | null;
  label: string;
  status: 'running' | 'paused' | 'stopped' | 'cancelling' | 'rolling_back' | 'done' | 'cancelled' | 'rolled_back';
  reason: string;
  waves: number;
  wave: number;
  devices: number;
  next_at: string | null;
  actor: string;
  created: string;
  started: string | null;
  ended: string | null;
  progress?: WaveProgress[];
}

/** What one device has to do with a rollout. */
export interface RolloutStep {
  id: string;
  device: string;
  name: string;
  wave: number;
  site: string;
  state: string;
  detail: string;
  ended: string | null;
}

/** How a plan is to be applied. */
export interface ApplyRequest {
  accept_invalid?: boolean;
  strategy: { waves: { percent?: number; count?: number; pause?: number; confirm?: boolean }[]; max_failed?: number; max_unreachable?: number; max_problems_percent?: number; return_within?: number; on_stop?: string };
}
