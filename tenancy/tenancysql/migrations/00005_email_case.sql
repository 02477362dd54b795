-- +goose Up
-- one folding of letter case on every database, whatever its locale: that of
-- ASCII, which parts only what the rule before it may have held for equal
DROP INDEX user_email;
CREATE UNIQUE INDEX user_email ON tenancy_user (lower(email COLLATE "C")) WHERE email <> '';

-- +goose Down
DROP INDEX user_email;
CREATE UNIQUE INDEX user_email ON tenancy_user (lower(email)) WHERE email <> '';
