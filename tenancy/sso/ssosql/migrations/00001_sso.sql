-- +goose Up
CREATE TABLE sso_identity (
    id UUID PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES tenancy_user (id) ON DELETE CASCADE,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    used TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX sso_identity_person ON sso_identity (issuer, subject);
CREATE INDEX sso_identity_user ON sso_identity (user_id);

-- +goose Down
DROP TABLE sso_identity;
