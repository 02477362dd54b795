-- +goose Up
CREATE TABLE controller_group (
    id UUID PRIMARY KEY,
    organization_id UUID NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    templates JSON,
    context JSON NOT NULL,
    meta_data JSON NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX group_organization_name ON controller_group (organization_id, name);
CREATE INDEX controller_group_created ON controller_group (created DESC, id DESC);
-- without a foreign key: a job takes the devices out of a group that is gone
CREATE INDEX controller_device_group ON controller_device (group_id, id) WHERE group_id IS NOT NULL;

-- +goose Down
DROP INDEX controller_device_group;
DROP TABLE controller_group;
