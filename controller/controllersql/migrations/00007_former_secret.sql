-- +goose Up
ALTER TABLE controller_settings ADD COLUMN former_secret TEXT NOT NULL DEFAULT '';
ALTER TABLE controller_settings ADD COLUMN former_digest TEXT NOT NULL DEFAULT '';
ALTER TABLE controller_settings ADD COLUMN former_until TIMESTAMPTZ;
CREATE INDEX controller_settings_former ON controller_settings (former_digest) WHERE former_digest <> '';
