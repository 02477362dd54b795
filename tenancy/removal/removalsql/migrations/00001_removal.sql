-- +goose Up
CREATE TABLE tenancy_removal (
    organization_id UUID PRIMARY KEY,
    name TEXT NOT NULL,
    total INTEGER NOT NULL,
    done INTEGER NOT NULL,
    problem TEXT NOT NULL,
    actor_id UUID,
    actor TEXT NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);

-- +goose Down
DROP TABLE tenancy_removal;
