-- +goose Up
ALTER TABLE firmware_operation ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE firmware_operation DROP COLUMN epoch;
