-- +goose Up
ALTER TABLE controller_template ADD COLUMN ca_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE controller_template ADD COLUMN blueprint_id BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE controller_template DROP COLUMN blueprint_id;
ALTER TABLE controller_template DROP COLUMN ca_id;
