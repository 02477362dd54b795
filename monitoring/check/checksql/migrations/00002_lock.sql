-- +goose Up
CREATE TABLE monitoring_check_lock (
    name TEXT PRIMARY KEY,
    until TIMESTAMPTZ NOT NULL
);
-- +goose Down
DROP TABLE monitoring_check_lock;
