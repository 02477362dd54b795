-- +goose Up
CREATE TABLE connection_credentials (
    id UUID PRIMARY KEY,
    organization_id UUID,
    name TEXT NOT NULL,
    connector TEXT NOT NULL,
    params TEXT NOT NULL,
    auto_add BOOLEAN NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX credentials_name_organization ON connection_credentials (name, organization_id);
CREATE INDEX connection_credentials_created ON connection_credentials (created DESC, id DESC);
CREATE INDEX connection_credentials_auto_add ON connection_credentials (organization_id) WHERE auto_add;

CREATE TABLE connection_device (
    id UUID PRIMARY KEY,
    device_id UUID NOT NULL REFERENCES controller_device (id) ON DELETE CASCADE,
    organization_id UUID NOT NULL,
    credentials_id UUID NOT NULL REFERENCES connection_credentials (id) ON DELETE CASCADE,
    update_strategy TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    params TEXT NOT NULL,
    host_key TEXT NOT NULL,
    description TEXT NOT NULL,
    is_working BOOLEAN,
    failure_reason TEXT NOT NULL,
    last_attempt TIMESTAMPTZ,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX device_connection_credentials ON connection_device (device_id, credentials_id);
CREATE INDEX connection_device_credentials ON connection_device (credentials_id);
CREATE INDEX connection_device_organization ON connection_device (organization_id, created DESC, id DESC);

CREATE TABLE connection_batch (
    id UUID PRIMARY KEY,
    organization_id UUID,
    status TEXT NOT NULL,
    type TEXT NOT NULL,
    input JSON,
    secret TEXT NOT NULL,
    label TEXT NOT NULL,
    notes TEXT NOT NULL,
    group_id UUID,
    location_id UUID,
    filter JSON,
    device_count BIGINT NOT NULL,
    skipped JSON,
    parallel BIGINT NOT NULL,
    stop_after BIGINT NOT NULL,
    stopped BOOLEAN NOT NULL,
    repeat_of UUID,
    actor TEXT NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE INDEX connection_batch_created ON connection_batch (created DESC, id DESC);
CREATE INDEX connection_batch_organization ON connection_batch (organization_id, created DESC, id DESC);

CREATE TABLE connection_command (
    id UUID PRIMARY KEY,
    device_id UUID NOT NULL REFERENCES controller_device (id) ON DELETE CASCADE,
    organization_id UUID NOT NULL,
    connection_id UUID REFERENCES connection_device (id) ON DELETE SET NULL,
    batch_id UUID REFERENCES connection_batch (id) ON DELETE SET NULL,
    status TEXT NOT NULL,
    type TEXT NOT NULL,
    input JSON,
    secret TEXT NOT NULL,
    output TEXT NOT NULL,
    output_digest TEXT NOT NULL,
    queued TIMESTAMPTZ,
    started TIMESTAMPTZ,
    cancelled BOOLEAN NOT NULL,
    actor TEXT NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE INDEX connection_command_device ON connection_command (device_id, created, id);
CREATE INDEX connection_command_connection ON connection_command (connection_id) WHERE connection_id IS NOT NULL;
CREATE INDEX connection_command_batch ON connection_command (batch_id, status, output_digest) WHERE batch_id IS NOT NULL;
CREATE INDEX connection_command_waiting ON connection_command (batch_id, id) WHERE queued IS NULL;
CREATE INDEX connection_command_created ON connection_command (created);

CREATE TABLE connection_push (
    device_id UUID PRIMARY KEY REFERENCES controller_device (id) ON DELETE CASCADE,
    state TEXT NOT NULL,
    requested TIMESTAMPTZ NOT NULL,
    attempts BIGINT NOT NULL,
    last_attempt TIMESTAMPTZ,
    next_attempt TIMESTAMPTZ,
    reason TEXT NOT NULL,
    connection_id UUID,
    succeeded TIMESTAMPTZ
);
CREATE INDEX connection_push_due ON connection_push (next_attempt) WHERE next_attempt IS NOT NULL;
CREATE INDEX connection_push_forgotten ON connection_push (requested) WHERE next_attempt IS NULL AND state = 'waiting';

-- +goose Down
DROP TABLE connection_push;
DROP TABLE connection_command;
DROP TABLE connection_batch;
DROP TABLE connection_device;
DROP TABLE connection_credentials;
