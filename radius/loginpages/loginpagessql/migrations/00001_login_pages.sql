-- +goose Up
CREATE TABLE login_page (
    id UUID PRIMARY KEY,
    organization_id UUID NOT NULL,
    variant TEXT NOT NULL,
    document JSON NOT NULL,
    disabled BOOLEAN NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX login_page_variant ON login_page (organization_id, variant);
CREATE INDEX login_page_created ON login_page (created, id);

CREATE TABLE login_page_asset (
    id UUID PRIMARY KEY,
    organization_id UUID NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    data BYTEA NOT NULL,
    digest TEXT NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX login_page_asset_name ON login_page_asset (organization_id, name);
CREATE INDEX login_page_asset_order ON login_page_asset (name, id);

CREATE TABLE login_page_policy (
    id UUID PRIMARY KEY,
    organization_id UUID NOT NULL,
    kind TEXT NOT NULL,
    language TEXT NOT NULL,
    digest TEXT NOT NULL,
    text TEXT NOT NULL,
    created TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX login_page_policy_digest ON login_page_policy (organization_id, kind, language, digest);
CREATE INDEX login_page_policy_created ON login_page_policy (created, id);

CREATE TABLE login_page_signup (
    id UUID PRIMARY KEY,
    organization_id UUID NOT NULL,
    user_id UUID NOT NULL,
    username TEXT NOT NULL,
    language TEXT NOT NULL,
    -- versions of policies, which stay as long as the organization
    terms_id UUID,
    privacy_id UUID,
    fields JSON NOT NULL,
    created TIMESTAMPTZ NOT NULL
);
CREATE INDEX login_page_signup_user ON login_page_signup (user_id);
CREATE INDEX login_page_signup_organization ON login_page_signup (organization_id, created, id);
CREATE INDEX login_page_signup_created ON login_page_signup (created, id);

CREATE TABLE login_page_days (
    id UUID PRIMARY KEY,
    organization_id UUID NOT NULL,
    day TEXT NOT NULL,
    seen BIGINT NOT NULL,
    tried BIGINT NOT NULL,
    online BIGINT NOT NULL
);
CREATE UNIQUE INDEX login_page_day ON login_page_days (organization_id, day);
CREATE INDEX login_page_days_order ON login_page_days (day, id);

CREATE TABLE login_page_arrival (
    id UUID PRIMARY KEY,
    organization_id UUID NOT NULL,
    username TEXT NOT NULL,
    day TEXT NOT NULL,
    online BOOLEAN NOT NULL
);
CREATE UNIQUE INDEX login_page_arrival_user ON login_page_arrival (organization_id, username, day);
CREATE INDEX login_page_arrival_day ON login_page_arrival (day, id);

-- +goose Down
DROP TABLE login_page_arrival;
DROP TABLE login_page_days;
DROP TABLE login_page_signup;
DROP TABLE login_page_policy;
DROP TABLE login_page_asset;
DROP TABLE login_page;
