-- +goose Up
CREATE TABLE acme_file (
    name TEXT PRIMARY KEY,
    content TEXT NOT NULL,
    size BIGINT NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE TABLE acme_lock (
    name TEXT PRIMARY KEY,
    node TEXT NOT NULL,
    until BIGINT NOT NULL
);

-- +goose Down
DROP TABLE acme_lock;
DROP TABLE acme_file;
