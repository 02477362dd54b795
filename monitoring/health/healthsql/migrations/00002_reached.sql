-- +goose Up
ALTER TABLE monitoring_devicemonitoring ADD COLUMN reached_at TIMESTAMPTZ;
UPDATE monitoring_devicemonitoring SET reached_at = since WHERE status IN ('ok', 'problem', 'critical');
-- +goose Down
ALTER TABLE monitoring_devicemonitoring DROP COLUMN reached_at;
