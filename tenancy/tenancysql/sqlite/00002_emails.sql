-- +goose Up
CREATE TABLE tenancy_email (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id TEXT NOT NULL REFERENCES tenancy_user (id) ON DELETE CASCADE,
    address TEXT NOT NULL,
    is_verified BOOLEAN NOT NULL,
    is_primary BOOLEAN NOT NULL
);
CREATE UNIQUE INDEX email_user_address ON tenancy_email (user_id, address);
CREATE UNIQUE INDEX email_primary ON tenancy_email (user_id) WHERE is_primary;
CREATE UNIQUE INDEX email_verified ON tenancy_email (address) WHERE is_verified;
CREATE INDEX tenancy_email_address ON tenancy_email (address);
-- accounts made until now were made by administrators, whose word is taken
INSERT INTO tenancy_email (user_id, address, is_verified, is_primary)
    SELECT id, lower(email), TRUE, TRUE FROM tenancy_user WHERE email <> '' ORDER BY date_joined, id;

CREATE TABLE tenancy_user_permission (
    user_id TEXT NOT NULL REFERENCES tenancy_user (id) ON DELETE CASCADE,
    permission TEXT NOT NULL,
    PRIMARY KEY (user_id, permission)
);

-- +goose Down
DROP TABLE tenancy_user_permission;
DROP TABLE tenancy_email;
