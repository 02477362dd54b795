-- +goose Up
ALTER TABLE controller_template ADD COLUMN notes TEXT NOT NULL DEFAULT '';
ALTER TABLE controller_config ADD COLUMN not_renewed TIMESTAMPTZ;
ALTER TABLE controller_config ADD COLUMN not_renewed_reason TEXT NOT NULL DEFAULT '';
CREATE INDEX controller_config_not_renewed ON controller_config (organization_id) WHERE not_renewed IS NOT NULL;
