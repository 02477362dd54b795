-- +goose Up
-- SQLite belongs to this program: FreeRADIUS asks it over HTTP.
SELECT 1;

-- +goose Down
SELECT 1;
