-- +goose Up
CREATE TABLE topology (
    id UUID PRIMARY KEY,
    organization_id UUID,
    label TEXT NOT NULL,
    parser TEXT NOT NULL,
    strategy TEXT NOT NULL,
    url TEXT NOT NULL,
    key TEXT NOT NULL,
    expiration_time BIGINT NOT NULL,
    published BOOLEAN NOT NULL,
    mesh_id TEXT NOT NULL,
    protocol TEXT NOT NULL,
    version TEXT NOT NULL,
    revision TEXT NOT NULL,
    metric TEXT NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL,
    updated TIMESTAMPTZ,
    problem TEXT NOT NULL
);
CREATE INDEX topology_created ON topology (created, id);
CREATE INDEX topology_organization ON topology (organization_id, created, id);

CREATE TABLE topology_node (
    id UUID PRIMARY KEY,
    organization_id UUID,
    topology_id UUID NOT NULL REFERENCES topology (id) ON DELETE CASCADE,
    label TEXT NOT NULL,
    user_label TEXT NOT NULL,
    addresses JSON NOT NULL,
    properties JSON NOT NULL,
    user_properties JSON NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL,
    -- the device of another concern, which tells when it goes
    device_id UUID,
    netjson_id TEXT NOT NULL,
    digest BIGINT NOT NULL,
    seen TIMESTAMPTZ
);
CREATE INDEX topology_node_created ON topology_node (created, id);
CREATE INDEX topology_node_organization ON topology_node (organization_id, created, id);
CREATE INDEX topology_node_topology ON topology_node (topology_id, created, id);
CREATE INDEX topology_node_device ON topology_node (device_id) WHERE device_id IS NOT NULL;

CREATE TABLE topology_link (
    id UUID PRIMARY KEY,
    organization_id UUID,
    topology_id UUID NOT NULL REFERENCES topology (id) ON DELETE CASCADE,
    source_id UUID NOT NULL REFERENCES topology_node (id) ON DELETE CASCADE,
    target_id UUID NOT NULL REFERENCES topology_node (id) ON DELETE CASCADE,
    cost DOUBLE PRECISION NOT NULL,
    cost_text TEXT NOT NULL,
    status TEXT NOT NULL,
    properties JSON NOT NULL,
    user_properties JSON NOT NULL,
    status_changed TIMESTAMPTZ NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL,
    digest BIGINT NOT NULL,
    recorded_cost DOUBLE PRECISION NOT NULL
);
CREATE INDEX topology_link_created ON topology_link (created, id);
CREATE INDEX topology_link_organization ON topology_link (organization_id, created, id);
CREATE INDEX topology_link_topology ON topology_link (topology_id, created, id);
CREATE INDEX topology_link_source ON topology_link (source_id);
CREATE INDEX topology_link_target ON topology_link (target_id);
-- those that expire
CREATE INDEX topology_link_down ON topology_link (modified) WHERE status = 'down';

CREATE TABLE topology_snapshot (
    id UUID PRIMARY KEY,
    topology_id UUID NOT NULL REFERENCES topology (id) ON DELETE CASCADE,
    day TIMESTAMPTZ NOT NULL,
    data BYTEA NOT NULL,
    nodes BIGINT NOT NULL,
    up BIGINT NOT NULL,
    down BIGINT NOT NULL,
    saved TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX topology_snapshot_topology_day ON topology_snapshot (topology_id, day);
CREATE INDEX topology_snapshot_day ON topology_snapshot (day);

-- what a link was from a moment on
CREATE TABLE topology_moment (
    id UUID PRIMARY KEY,
    topology_id UUID NOT NULL REFERENCES topology (id) ON DELETE CASCADE,
    link_id UUID NOT NULL REFERENCES topology_link (id) ON DELETE CASCADE,
    at TIMESTAMPTZ NOT NULL,
    status TEXT NOT NULL,
    cost DOUBLE PRECISION NOT NULL
);
CREATE INDEX topology_moment_link ON topology_moment (link_id, at, id);
CREATE INDEX topology_moment_topology ON topology_moment (topology_id, at, id);
CREATE INDEX topology_moment_at ON topology_moment (at);

-- +goose Down
DROP TABLE topology_moment;
DROP TABLE topology_snapshot;
DROP TABLE topology_link;
DROP TABLE topology_node;
DROP TABLE topology;
