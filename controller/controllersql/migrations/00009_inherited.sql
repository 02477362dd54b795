-- +goose Up
ALTER TABLE controller_config ADD COLUMN inherited TEXT NOT NULL DEFAULT '';
