-- +goose Up
CREATE TABLE rollout (
    id UUID PRIMARY KEY,
    organization_id UUID,
    kind TEXT NOT NULL,
    subject_id UUID,
    label TEXT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    strategy JSON NOT NULL,
    waves BIGINT NOT NULL,
    total BIGINT NOT NULL,
    wave BIGINT NOT NULL,
    wave_started TIMESTAMPTZ,
    wave_ended TIMESTAMPTZ,
    tolerated BIGINT NOT NULL,
    gate_off BOOLEAN NOT NULL,
    approved BOOLEAN NOT NULL,
    gated TIMESTAMPTZ,
    rollback_from BIGINT NOT NULL,
    next_at TIMESTAMPTZ,
    turn BIGINT NOT NULL,
    actor_id UUID,
    actor TEXT NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL,
    started TIMESTAMPTZ,
    ended TIMESTAMPTZ
);
CREATE INDEX rollout_created ON rollout (created DESC, id DESC);
CREATE INDEX rollout_organization ON rollout (organization_id, created DESC, id DESC);
CREATE INDEX rollout_subject ON rollout (subject_id);
CREATE INDEX rollout_next ON rollout (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE rollout_step (
    id UUID PRIMARY KEY,
    rollout_id UUID NOT NULL REFERENCES rollout (id) ON DELETE CASCADE,
    device_id UUID NOT NULL,
    organization_id UUID,
    name TEXT NOT NULL,
    wave BIGINT NOT NULL,
    rank BIGINT NOT NULL,
    site TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    state TEXT NOT NULL,
    detail TEXT NOT NULL,
    memo JSON,
    begun TIMESTAMPTZ,
    ended TIMESTAMPTZ,
    modified TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX rollout_step_device ON rollout_step (rollout_id, device_id);
CREATE INDEX rollout_step_of_device ON rollout_step (device_id);
CREATE INDEX rollout_step_next ON rollout_step (rollout_id, state, wave, rank);
CREATE INDEX rollout_step_order ON rollout_step (rollout_id, wave, rank);
