-- +goose Up
ALTER TABLE controller_version ADD COLUMN own JSON NOT NULL DEFAULT '{}';

-- +goose Down
ALTER TABLE controller_version DROP COLUMN own;
