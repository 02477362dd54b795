-- +goose Up
ALTER TABLE firmware_batch ADD COLUMN strategy JSON;
ALTER TABLE firmware_batch ADD COLUMN rollout_id UUID;
ALTER TABLE firmware_batch ADD COLUMN actor_id UUID;
ALTER TABLE firmware_batch ADD COLUMN actor TEXT NOT NULL DEFAULT '';
ALTER TABLE firmware_upload ADD COLUMN parts JSON;

-- +goose Down
ALTER TABLE firmware_upload DROP COLUMN parts;
ALTER TABLE firmware_batch DROP COLUMN actor;
ALTER TABLE firmware_batch DROP COLUMN actor_id;
ALTER TABLE firmware_batch DROP COLUMN rollout_id;
ALTER TABLE firmware_batch DROP COLUMN strategy;
