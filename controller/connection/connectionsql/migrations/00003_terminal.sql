-- +goose Up
CREATE TABLE connection_terminal (
    id UUID PRIMARY KEY,
    device_id UUID NOT NULL REFERENCES controller_device (id) ON DELETE CASCADE,
    organization_id UUID NOT NULL,
    connection_id UUID,
    user_id UUID,
    actor TEXT NOT NULL,
    address TEXT NOT NULL,
    state TEXT NOT NULL,
    cols BIGINT NOT NULL,
    rows BIGINT NOT NULL,
    cut BOOLEAN NOT NULL,
    reason TEXT NOT NULL,
    size BIGINT NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    started TIMESTAMPTZ,
    heard TIMESTAMPTZ,
    ended TIMESTAMPTZ
);
CREATE INDEX connection_terminal_created ON connection_terminal (created DESC, id DESC);
CREATE INDEX connection_terminal_organization ON connection_terminal (organization_id, created DESC, id DESC);
CREATE INDEX connection_terminal_device ON connection_terminal (device_id, created DESC, id DESC);
CREATE INDEX connection_terminal_going ON connection_terminal (state, created) WHERE state <> 'ended';

CREATE TABLE connection_terminal_part (
    id UUID PRIMARY KEY,
    terminal_id UUID NOT NULL REFERENCES connection_terminal (id) ON DELETE CASCADE,
    n BIGINT NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX connection_terminal_part_terminal ON connection_terminal_part (terminal_id, n, id);

-- +goose Down
DROP TABLE connection_terminal_part;
DROP TABLE connection_terminal;
