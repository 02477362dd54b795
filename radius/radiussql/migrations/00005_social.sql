-- +goose Up
ALTER TABLE radius_settings ADD COLUMN social_enabled BOOLEAN;

-- +goose Down
ALTER TABLE radius_settings DROP COLUMN social_enabled;
