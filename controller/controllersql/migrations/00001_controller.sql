-- +goose Up
-- organizations are another concern's: no foreign key, deleted by its service
CREATE TABLE controller_settings (
    organization_id UUID PRIMARY KEY,
    id UUID NOT NULL,
    registration_enabled BOOLEAN NOT NULL,
    shared_secret TEXT NOT NULL,
    secret_digest TEXT NOT NULL,
    context JSON NOT NULL,
    device_limit BIGINT,
    revision_id UUID NOT NULL
);
CREATE UNIQUE INDEX settings_shared_secret ON controller_settings (secret_digest);

CREATE TABLE controller_template (
    id UUID PRIMARY KEY,
    organization_id UUID,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    backend TEXT NOT NULL,
    vpn_id UUID,
    auto_cert BOOLEAN NOT NULL,
    tags JSON,
    is_default BOOLEAN NOT NULL,
    is_required BOOLEAN NOT NULL,
    default_values JSON NOT NULL,
    config JSON NOT NULL,
    revision_id UUID NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX template_organization_name ON controller_template (organization_id, name);
CREATE INDEX controller_template_created ON controller_template (created DESC, id DESC);
CREATE INDEX controller_template_name ON controller_template (name);

-- what templates contained at some time: never changed, and older versions of
-- configurations still name revisions of templates that are gone
CREATE TABLE controller_revision (
    id UUID PRIMARY KEY,
    template_id UUID NOT NULL,
    default_values JSON NOT NULL,
    config JSON NOT NULL,
    created TIMESTAMPTZ NOT NULL
);
CREATE INDEX controller_revision_template ON controller_revision (template_id);

CREATE TABLE controller_device (
    id UUID PRIMARY KEY,
    organization_id UUID NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    mac_address TEXT NOT NULL,
    key TEXT NOT NULL,
    key_digest TEXT NOT NULL,
    model TEXT NOT NULL,
    os TEXT NOT NULL,
    system TEXT NOT NULL,
    notes TEXT NOT NULL,
    group_id UUID,
    last_ip TEXT,
    management_ip TEXT,
    hardware_id TEXT NOT NULL,
    is_deactivated BOOLEAN NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
-- name_key is empty where names may repeat
CREATE UNIQUE INDEX device_name_organization ON controller_device (name_key, organization_id) WHERE name_key <> '';
CREATE UNIQUE INDEX device_mac_address_organization ON controller_device (mac_address, organization_id);
CREATE UNIQUE INDEX device_hardware_id_organization ON controller_device (hardware_id, organization_id) WHERE hardware_id <> '';
CREATE UNIQUE INDEX device_key ON controller_device (key_digest);
CREATE INDEX controller_device_created ON controller_device (created DESC, id DESC);
CREATE INDEX controller_device_organization ON controller_device (organization_id, created DESC, id DESC);
CREATE INDEX controller_device_last_ip ON controller_device (last_ip) WHERE last_ip IS NOT NULL;
CREATE INDEX controller_device_management_ip ON controller_device (management_ip) WHERE management_ip IS NOT NULL;

CREATE TABLE controller_config (
    device_id UUID PRIMARY KEY REFERENCES controller_device (id) ON DELETE CASCADE,
    id UUID NOT NULL,
    organization_id UUID NOT NULL,
    backend TEXT NOT NULL,
    config JSON NOT NULL,
    context JSON NOT NULL,
    templates JSON,
    status TEXT NOT NULL,
    error_reason TEXT NOT NULL,
    desired TEXT NOT NULL,
    served TEXT NOT NULL,
    reported TEXT NOT NULL,
    version_id UUID,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE INDEX controller_config_status ON controller_config (organization_id, status);
CREATE INDEX controller_config_organization ON controller_config (organization_id, device_id);

-- an index of controller_config.templates, which holds the order
CREATE TABLE controller_config_template (
    template_id UUID NOT NULL,
    device_id UUID NOT NULL REFERENCES controller_config (device_id) ON DELETE CASCADE,
    PRIMARY KEY (template_id, device_id)
);
CREATE INDEX controller_config_template_device ON controller_config_template (device_id);

-- without a foreign key: a batch of versions need not wait for whoever changes
-- one of the devices
CREATE TABLE controller_version (
    id UUID PRIMARY KEY,
    device_id UUID NOT NULL,
    organization_id UUID NOT NULL,
    checksum TEXT NOT NULL,
    backend TEXT NOT NULL,
    hostname TEXT NOT NULL,
    os TEXT NOT NULL,
    revisions JSON,
    config JSON NOT NULL,
    context JSON NOT NULL,
    cause TEXT NOT NULL,
    actor_id UUID,
    actor TEXT NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    served TIMESTAMPTZ,
    reported TIMESTAMPTZ
);
CREATE INDEX controller_version_device ON controller_version (device_id, created DESC, id DESC);
CREATE INDEX controller_version_created ON controller_version (created);

-- +goose Down
DROP TABLE controller_version;
DROP TABLE controller_config_template;
DROP TABLE controller_config;
DROP TABLE controller_device;
DROP TABLE controller_revision;
DROP TABLE controller_template;
DROP TABLE controller_settings;
