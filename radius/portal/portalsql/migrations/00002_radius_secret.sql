-- +goose Up
ALTER TABLE radius_portal_settings ADD COLUMN radius_secret TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE radius_portal_settings DROP COLUMN radius_secret;
