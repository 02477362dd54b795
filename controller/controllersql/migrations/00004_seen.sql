-- +goose Up
-- without an index: a poll's time would change one more page of the disk
ALTER TABLE controller_device ADD COLUMN last_seen TIMESTAMPTZ;
-- of the beginning of the key; a job fills it in for devices that are there
ALTER TABLE controller_device ADD COLUMN key_hint TEXT NOT NULL DEFAULT '';
