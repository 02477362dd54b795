-- +goose Up
-- empty for what was revoked before; the store fills it in when a list is made
ALTER TABLE x509_issued ADD COLUMN entry BYTEA;
