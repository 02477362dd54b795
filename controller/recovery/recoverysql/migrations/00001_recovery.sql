-- +goose Up
CREATE TABLE controller_deleted (
    id UUID PRIMARY KEY,
    kind TEXT NOT NULL,
    object_id UUID NOT NULL,
    organization_id UUID,
    name TEXT NOT NULL,
    detail TEXT NOT NULL,
    content TEXT NOT NULL,
    actor_id UUID,
    actor TEXT NOT NULL,
    created TIMESTAMPTZ NOT NULL
);
CREATE INDEX controller_deleted_created ON controller_deleted (created);
CREATE INDEX controller_deleted_organization ON controller_deleted (organization_id, kind, created);

-- +goose Down
DROP TABLE controller_deleted;
