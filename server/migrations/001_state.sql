-- +goose Up
CREATE TABLE server_state (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- +goose Down
DROP TABLE server_state;
