-- +goose Up
-- people who register are told that a name is taken whatever its letter case
CREATE INDEX user_username_case ON tenancy_user (lower(username));

-- +goose Down
DROP INDEX user_username_case;
