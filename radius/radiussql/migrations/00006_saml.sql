-- +goose Up
ALTER TABLE radius_settings ADD COLUMN saml_enabled BOOLEAN;

-- +goose Down
ALTER TABLE radius_settings DROP COLUMN saml_enabled;
