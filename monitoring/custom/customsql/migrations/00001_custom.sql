-- +goose Up
CREATE TABLE monitoring_custommetric (
    id UUID PRIMARY KEY,
    organization_id UUID NOT NULL,
    name TEXT NOT NULL,
    key TEXT NOT NULL,
    path TEXT NOT NULL,
    counter BOOLEAN NOT NULL,
    unit TEXT NOT NULL,
    chart TEXT NOT NULL,
    description TEXT NOT NULL,
    operator TEXT NOT NULL,
    threshold DOUBLE PRECISION,
    -- minutes
    tolerance BIGINT NOT NULL,
    is_active BOOLEAN NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX monitoring_custommetric_key ON monitoring_custommetric (organization_id, key);
CREATE INDEX monitoring_custommetric_name ON monitoring_custommetric (name, id);
-- +goose Down
DROP TABLE monitoring_custommetric;
