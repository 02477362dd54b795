-- +goose Up
CREATE TABLE monitoring_check (
    id UUID PRIMARY KEY,
    -- the device's
    organization_id UUID,
    device_id UUID NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    type TEXT NOT NULL,
    is_active BOOLEAN NOT NULL,
    params TEXT NOT NULL,
    next_at TIMESTAMPTZ NOT NULL,
    last_run TIMESTAMPTZ,
    last_error TEXT NOT NULL,
    lease_until TIMESTAMPTZ,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX monitoring_check_name ON monitoring_check (device_id, name);
CREATE INDEX monitoring_check_due ON monitoring_check (next_at) WHERE is_active;
CREATE INDEX monitoring_check_leased ON monitoring_check (device_id) WHERE lease_until IS NOT NULL;
CREATE INDEX monitoring_check_organization ON monitoring_check (organization_id, name, id);
CREATE INDEX monitoring_check_list ON monitoring_check (name, id);
-- +goose Down
DROP TABLE monitoring_check;
