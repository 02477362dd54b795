-- +goose Up
ALTER TABLE vpn_server ADD COLUMN peer_keys TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE vpn_server DROP COLUMN peer_keys;
