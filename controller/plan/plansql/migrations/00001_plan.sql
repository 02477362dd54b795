-- +goose Up
CREATE TABLE plan (
    id UUID PRIMARY KEY,
    organization_id UUID,
    name TEXT NOT NULL,
    notes TEXT NOT NULL,
    status TEXT NOT NULL,
    problem TEXT NOT NULL,
    source TEXT NOT NULL,
    changes JSON,
    turn BIGINT NOT NULL,
    computed TIMESTAMPTZ,
    affected BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    invalid BIGINT NOT NULL,
    away BIGINT NOT NULL,
    signed_by_id UUID,
    signed_by TEXT NOT NULL,
    signed TIMESTAMPTZ,
    rollout_id UUID,
    ended TIMESTAMPTZ,
    actor_id UUID,
    actor TEXT NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE INDEX plan_created ON plan (created DESC, id DESC);
CREATE INDEX plan_organization ON plan (organization_id, created DESC, id DESC);
CREATE INDEX plan_rollout ON plan (rollout_id);

CREATE TABLE plan_group (
    id UUID PRIMARY KEY,
    plan_id UUID NOT NULL REFERENCES plan (id) ON DELETE CASCADE,
    organization_id UUID,
    digest TEXT NOT NULL,
    diff TEXT NOT NULL,
    fault TEXT NOT NULL,
    added BIGINT NOT NULL,
    removed BIGINT NOT NULL,
    count BIGINT NOT NULL,
    away BIGINT NOT NULL,
    sample_id UUID,
    sample TEXT NOT NULL
);
CREATE INDEX plan_group_plan ON plan_group (plan_id, count DESC, id DESC);

CREATE TABLE plan_device (
    id UUID PRIMARY KEY,
    plan_id UUID NOT NULL REFERENCES plan (id) ON DELETE CASCADE,
    device_id UUID NOT NULL,
    organization_id UUID,
    name TEXT NOT NULL,
    group_id UUID,
    ground TEXT NOT NULL,
    away BOOLEAN NOT NULL,
    released BOOLEAN NOT NULL
);
CREATE UNIQUE INDEX plan_device_plan ON plan_device (plan_id, device_id);
CREATE INDEX plan_device_group ON plan_device (group_id, name, id);
CREATE INDEX plan_device_released ON plan_device (device_id) WHERE released;
CREATE INDEX plan_device_device ON plan_device (device_id);

CREATE TABLE plan_comment (
    id UUID PRIMARY KEY,
    plan_id UUID NOT NULL REFERENCES plan (id) ON DELETE CASCADE,
    organization_id UUID,
    actor_id UUID,
    actor TEXT NOT NULL,
    text TEXT NOT NULL,
    created TIMESTAMPTZ NOT NULL
);
CREATE INDEX plan_comment_plan ON plan_comment (plan_id, created, id);
