-- +goose Up
ALTER TABLE controller_settings ADD COLUMN declared JSON;
ALTER TABLE controller_group ADD COLUMN declared JSON;
ALTER TABLE controller_template ADD COLUMN declared JSON;
ALTER TABLE controller_config ADD COLUMN declared JSON;
ALTER TABLE controller_version ADD COLUMN secrets JSON;
CREATE TABLE controller_variable_value (
    id UUID PRIMARY KEY,
    value TEXT NOT NULL,
    created TIMESTAMPTZ NOT NULL
);

-- +goose Down
DROP TABLE controller_variable_value;
ALTER TABLE controller_version DROP COLUMN secrets;
ALTER TABLE controller_config DROP COLUMN declared;
ALTER TABLE controller_template DROP COLUMN declared;
ALTER TABLE controller_group DROP COLUMN declared;
ALTER TABLE controller_settings DROP COLUMN declared;
