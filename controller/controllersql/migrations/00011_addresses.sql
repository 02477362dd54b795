-- +goose Up
-- addresses by value: they sort, and what lies in a network is a piece of the index
ALTER TABLE controller_device ALTER COLUMN last_ip TYPE INET USING last_ip::inet;
ALTER TABLE controller_device ALTER COLUMN management_ip TYPE INET USING management_ip::inet;

-- +goose Down
ALTER TABLE controller_device ALTER COLUMN last_ip TYPE TEXT USING host(last_ip);
ALTER TABLE controller_device ALTER COLUMN management_ip TYPE TEXT USING host(management_ip);
