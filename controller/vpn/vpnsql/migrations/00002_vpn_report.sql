-- +goose Up
CREATE TABLE vpn_status (
    server_id UUID PRIMARY KEY,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    checksum TEXT NOT NULL,
    driver TEXT NOT NULL,
    connected BIGINT NOT NULL,
    changed TIMESTAMPTZ NOT NULL,
    reported TIMESTAMPTZ NOT NULL
);
CREATE TABLE vpn_connections (
    server_id UUID PRIMARY KEY,
    peers JSON
);
ALTER TABLE vpn_server ADD COLUMN hub BOOLEAN NOT NULL DEFAULT FALSE;

-- +goose Down
ALTER TABLE vpn_server DROP COLUMN hub;
DROP TABLE vpn_connections;
DROP TABLE vpn_status;
