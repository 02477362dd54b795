-- +goose Up
CREATE TABLE tenancy_organization (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    slug TEXT NOT NULL,
    is_active BOOLEAN NOT NULL,
    description TEXT NOT NULL,
    email TEXT NOT NULL,
    url TEXT NOT NULL,
    created TIMESTAMP NOT NULL,
    modified TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX organization_slug ON tenancy_organization (slug);
CREATE INDEX tenancy_organization_created ON tenancy_organization (created DESC, id DESC);

CREATE TABLE tenancy_user (
    id TEXT PRIMARY KEY,
    username TEXT NOT NULL,
    password TEXT NOT NULL,
    email TEXT NOT NULL,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    is_superuser BOOLEAN NOT NULL,
    is_staff BOOLEAN NOT NULL,
    is_active BOOLEAN NOT NULL,
    bio TEXT NOT NULL,
    url TEXT NOT NULL,
    company TEXT NOT NULL,
    location TEXT NOT NULL,
    phone_number TEXT NOT NULL,
    birth_date TIMESTAMP,
    notes TEXT NOT NULL,
    language TEXT NOT NULL,
    password_updated TIMESTAMP,
    last_login TIMESTAMP,
    date_joined TIMESTAMP NOT NULL
);
-- an unknown address or number is '' and may repeat
CREATE UNIQUE INDEX user_username ON tenancy_user (username);
CREATE UNIQUE INDEX user_email ON tenancy_user (lower(email)) WHERE email <> '';
CREATE UNIQUE INDEX user_phone_number ON tenancy_user (phone_number) WHERE phone_number <> '';
-- the unique rule folds letter case, log-in does not
CREATE INDEX tenancy_user_email_exact ON tenancy_user (email);
CREATE INDEX tenancy_user_date_joined ON tenancy_user (date_joined DESC, id DESC);

CREATE TABLE tenancy_membership (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES tenancy_user (id) ON DELETE CASCADE,
    organization_id TEXT NOT NULL REFERENCES tenancy_organization (id) ON DELETE CASCADE,
    is_admin BOOLEAN NOT NULL,
    created TIMESTAMP NOT NULL,
    modified TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX membership_user_organization ON tenancy_membership (user_id, organization_id);
CREATE INDEX tenancy_membership_organization ON tenancy_membership (organization_id);

CREATE TABLE tenancy_owner (
    id TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES tenancy_organization (id) ON DELETE CASCADE,
    membership_id TEXT NOT NULL REFERENCES tenancy_membership (id) ON DELETE CASCADE,
    created TIMESTAMP NOT NULL,
    modified TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX owner_organization ON tenancy_owner (organization_id);
CREATE UNIQUE INDEX owner_membership ON tenancy_owner (membership_id);

CREATE TABLE tenancy_group (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    permissions TEXT
);
CREATE UNIQUE INDEX group_name ON tenancy_group (name);

CREATE TABLE tenancy_user_group (
    user_id TEXT NOT NULL REFERENCES tenancy_user (id) ON DELETE CASCADE,
    group_id BIGINT NOT NULL REFERENCES tenancy_group (id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, group_id)
);
CREATE INDEX tenancy_user_group_group ON tenancy_user_group (group_id);

CREATE TABLE tenancy_token (
    user_id TEXT PRIMARY KEY REFERENCES tenancy_user (id) ON DELETE CASCADE,
    digest TEXT NOT NULL,
    key TEXT NOT NULL,
    created TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX token_digest ON tenancy_token (digest);

-- the trail outlives what it tells of, so it refers to nothing
CREATE TABLE tenancy_event (
    id TEXT PRIMARY KEY,
    created TIMESTAMP NOT NULL,
    actor_id TEXT,
    actor TEXT NOT NULL,
    method TEXT NOT NULL,
    address TEXT NOT NULL,
    kind TEXT NOT NULL,
    object_id TEXT NOT NULL,
    label TEXT NOT NULL,
    organization_id TEXT,
    action TEXT NOT NULL,
    cause TEXT NOT NULL,
    fields TEXT
);
CREATE INDEX tenancy_event_created ON tenancy_event (created DESC, id DESC);
CREATE INDEX tenancy_event_object ON tenancy_event (kind, object_id, created DESC);
CREATE INDEX tenancy_event_organization ON tenancy_event (organization_id, created DESC);
CREATE INDEX tenancy_event_actor ON tenancy_event (actor_id, created DESC);

-- digest is the SHA-256 of the cookie: a copy of the table opens no session
CREATE TABLE tenancy_session (
    digest TEXT PRIMARY KEY,
    data BLOB NOT NULL,
    expires TIMESTAMP NOT NULL
);
CREATE INDEX tenancy_session_expires ON tenancy_session (expires);

-- +goose Down
DROP TABLE tenancy_session;
DROP TABLE tenancy_event;
DROP TABLE tenancy_token;
DROP TABLE tenancy_user_group;
DROP TABLE tenancy_group;
DROP TABLE tenancy_owner;
DROP TABLE tenancy_membership;
DROP TABLE tenancy_user;
DROP TABLE tenancy_organization;
