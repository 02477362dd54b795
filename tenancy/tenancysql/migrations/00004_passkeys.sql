-- +goose Up
CREATE TABLE tenancy_passkey (
    id UUID PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES tenancy_user (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    credential_id TEXT NOT NULL,
    public_key TEXT NOT NULL,
    flags BIGINT NOT NULL,
    sign_count BIGINT NOT NULL,
    transports JSON,
    last_used TIMESTAMPTZ,
    created TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX passkey_credential ON tenancy_passkey (credential_id);
CREATE INDEX tenancy_passkey_user ON tenancy_passkey (user_id, created DESC, id DESC);

-- +goose Down
DROP TABLE tenancy_passkey;
