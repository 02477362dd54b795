-- +goose Up
-- what lists of devices are filtered by, without reading the documents
DROP INDEX controller_config_status;
CREATE INDEX controller_config_status ON controller_config (status, organization_id, backend, device_id);

-- +goose Down
DROP INDEX controller_config_status;
CREATE INDEX controller_config_status ON controller_config (organization_id, status);
