-- +goose Up
CREATE TABLE job_wanted (
    kind TEXT NOT NULL,
    job_key TEXT NOT NULL,
    generation INTEGER NOT NULL,
    PRIMARY KEY (kind, job_key)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE job_wanted;
