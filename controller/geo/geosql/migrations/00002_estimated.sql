-- +goose Up
ALTER TABLE geo_location ADD COLUMN is_estimated BOOLEAN NOT NULL DEFAULT FALSE;

-- +goose Down
ALTER TABLE geo_location DROP COLUMN is_estimated;
