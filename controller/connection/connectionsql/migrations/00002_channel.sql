-- +goose Up
CREATE TABLE connection_channel (
    device_id UUID PRIMARY KEY REFERENCES controller_device (id) ON DELETE CASCADE,
    id UUID NOT NULL,
    organization_id UUID NOT NULL,
    node TEXT NOT NULL,
    address TEXT NOT NULL,
    agent TEXT NOT NULL,
    since TIMESTAMPTZ NOT NULL
);
CREATE INDEX connection_channel_node ON connection_channel (node);

-- +goose Down
DROP TABLE connection_channel;
