-- +goose Up
CREATE TABLE radius_portal_settings (
    id UUID PRIMARY KEY,
    organization_id UUID NOT NULL,
    dialect TEXT,
    gateway_secret TEXT NOT NULL,
    gateway_hosts TEXT,
    answer_challenge BOOLEAN,
    portal_url TEXT,
    venue_url TEXT,
    guests_enabled BOOLEAN,
    sponsor_domains TEXT,
    guest_hours BIGINT,
    approval_hours BIGINT,
    grace_minutes BIGINT,
    remember_days BIGINT,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX radius_portal_settings_organization ON radius_portal_settings (organization_id);

CREATE TABLE radius_portal_guest (
    id UUID PRIMARY KEY,
    organization_id UUID NOT NULL,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    sponsor TEXT NOT NULL,
    reason TEXT NOT NULL,
    mac TEXT NOT NULL,
    address TEXT NOT NULL,
    status TEXT NOT NULL,
    token TEXT NOT NULL,
    token_hash TEXT NOT NULL,
    key_hash TEXT NOT NULL,
    answer_by TIMESTAMPTZ,
    until TIMESTAMPTZ,
    user_id UUID,
    username TEXT NOT NULL,
    password TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE INDEX radius_portal_guest_organization ON radius_portal_guest (organization_id, status, created DESC, id DESC);
CREATE INDEX radius_portal_guest_created ON radius_portal_guest (created DESC, id DESC);
CREATE INDEX radius_portal_guest_token ON radius_portal_guest (token_hash) WHERE token_hash <> '';
CREATE INDEX radius_portal_guest_user ON radius_portal_guest (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX radius_portal_guest_until ON radius_portal_guest (status, until);
CREATE INDEX radius_portal_guest_answer ON radius_portal_guest (status, answer_by);

CREATE TABLE radius_portal_device (
    id UUID PRIMARY KEY,
    organization_id UUID NOT NULL,
    user_id UUID NOT NULL,
    mac TEXT NOT NULL,
    until TIMESTAMPTZ NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX radius_portal_device_mac ON radius_portal_device (organization_id, mac);
CREATE INDEX radius_portal_device_user ON radius_portal_device (user_id);
CREATE INDEX radius_portal_device_until ON radius_portal_device (until);
CREATE INDEX radius_portal_device_modified ON radius_portal_device (modified DESC, id DESC);

CREATE TABLE radius_portal_grace (
    id UUID PRIMARY KEY,
    organization_id UUID NOT NULL,
    user_id UUID NOT NULL,
    mac TEXT NOT NULL,
    until TIMESTAMPTZ NOT NULL,
    created TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX radius_portal_grace_user ON radius_portal_grace (organization_id, user_id);
CREATE INDEX radius_portal_grace_mac ON radius_portal_grace (organization_id, mac, created);
CREATE INDEX radius_portal_grace_created ON radius_portal_grace (created DESC, id DESC);

-- who asks the Captive Portal API is known by the address of an open session
CREATE INDEX radacct_framed_open ON radacct (framedipaddress) WHERE acctstoptime IS NULL;

-- +goose Down
DROP INDEX radacct_framed_open;
DROP TABLE radius_portal_grace;
DROP TABLE radius_portal_device;
DROP TABLE radius_portal_guest;
DROP TABLE radius_portal_settings;
