-- +goose Up
ALTER TABLE vpn_server ADD COLUMN inherited BOOLEAN NOT NULL DEFAULT FALSE;

-- +goose Down
ALTER TABLE vpn_server DROP COLUMN inherited;
