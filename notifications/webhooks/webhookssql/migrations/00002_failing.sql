-- +goose Up
ALTER TABLE webhook ADD COLUMN failing_since TIMESTAMPTZ;

-- +goose Down
ALTER TABLE webhook DROP COLUMN failing_since;
