-- +goose Up
CREATE TABLE tenancy_api_token (
    id UUID PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES tenancy_user (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    scopes JSON,
    expires TIMESTAMPTZ,
    last_used TIMESTAMPTZ,
    created TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX api_token_digest ON tenancy_api_token (digest);
CREATE UNIQUE INDEX api_token_name ON tenancy_api_token (user_id, name);
CREATE INDEX tenancy_api_token_created ON tenancy_api_token (created DESC, id DESC);

CREATE TABLE tenancy_second_factor (
    user_id UUID PRIMARY KEY REFERENCES tenancy_user (id) ON DELETE CASCADE,
    secret TEXT NOT NULL,
    confirmed TIMESTAMPTZ,
    last_step BIGINT NOT NULL,
    recovery JSON,
    created TIMESTAMPTZ NOT NULL
);

-- +goose Down
DROP TABLE tenancy_second_factor;
DROP TABLE tenancy_api_token;
