-- +goose Up
-- lower of SQLite knows the letter case of ASCII alone already
SELECT 1;

-- +goose Down
SELECT 1;
