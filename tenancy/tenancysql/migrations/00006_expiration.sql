-- +goose Up
ALTER TABLE tenancy_user ADD COLUMN expiration_date DATE;
CREATE INDEX tenancy_user_expiration_date ON tenancy_user (expiration_date) WHERE expiration_date IS NOT NULL;

-- +goose Down
DROP INDEX tenancy_user_expiration_date;
ALTER TABLE tenancy_user DROP COLUMN expiration_date;
