-- +goose Up
CREATE TABLE appearance (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    look TEXT NOT NULL
);

-- +goose Down
DROP TABLE appearance;
