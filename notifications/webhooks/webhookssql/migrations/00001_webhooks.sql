-- +goose Up
CREATE TABLE webhook (
    id UUID PRIMARY KEY,
    organization_id UUID,
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    format TEXT NOT NULL,
    room TEXT NOT NULL,
    token TEXT NOT NULL,
    events JSON,
    enabled BOOLEAN NOT NULL,
    secret TEXT NOT NULL,
    old_secret TEXT NOT NULL,
    old_secret_until TIMESTAMPTZ,
    failures BIGINT NOT NULL,
    paused TIMESTAMPTZ,
    pause_reason TEXT NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX webhook_name ON webhook (organization_id, name);

CREATE TABLE webhook_delivery (
    id UUID PRIMARY KEY,
    webhook_id UUID NOT NULL,
    organization_id UUID,
    event_id UUID NOT NULL,
    event TEXT NOT NULL,
    message JSON,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    next_at TIMESTAMPTZ,
    status BIGINT NOT NULL,
    took BIGINT NOT NULL,
    request TEXT NOT NULL,
    answer TEXT NOT NULL,
    error TEXT NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    finished TIMESTAMPTZ
);
-- the log of a webhook, and how many wait
CREATE INDEX webhook_delivery_webhook ON webhook_delivery (webhook_id, created DESC, id DESC);
CREATE INDEX webhook_delivery_waiting ON webhook_delivery (webhook_id) WHERE state = 'waiting';
CREATE INDEX webhook_delivery_created ON webhook_delivery (created);

-- +goose Down
DROP TABLE webhook_delivery;
DROP TABLE webhook;
