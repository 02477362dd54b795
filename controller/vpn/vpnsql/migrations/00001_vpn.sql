-- +goose Up
CREATE TABLE vpn_server (
    id UUID PRIMARY KEY,
    organization_id UUID,
    name TEXT NOT NULL,
    host TEXT NOT NULL,
    key TEXT NOT NULL,
    backend TEXT NOT NULL,
    ca_id BIGINT NOT NULL,
    cert_id BIGINT NOT NULL,
    own_cert BOOLEAN NOT NULL,
    config JSON,
    notes TEXT NOT NULL,
    subnet_id UUID,
    subnet CIDR,
    address_id UUID,
    address INET,
    own_address BOOLEAN NOT NULL,
    webhook_endpoint TEXT NOT NULL,
    auth_token TEXT NOT NULL,
    dh TEXT NOT NULL,
    public_key TEXT NOT NULL,
    private_key TEXT NOT NULL,
    node_id TEXT NOT NULL,
    network_id TEXT NOT NULL,
    announced TEXT NOT NULL,
    trouble TEXT NOT NULL,
    fetched TIMESTAMPTZ,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX vpn_server_organization_name ON vpn_server (organization_id, name);
CREATE INDEX vpn_server_created ON vpn_server (created DESC, id DESC);
CREATE INDEX vpn_server_subnet ON vpn_server (subnet_id) WHERE subnet_id IS NOT NULL;
CREATE INDEX vpn_server_address ON vpn_server (address_id) WHERE address_id IS NOT NULL;
CREATE INDEX vpn_server_ca ON vpn_server (ca_id);
CREATE INDEX vpn_server_cert ON vpn_server (cert_id);
CREATE INDEX vpn_server_name ON vpn_server (name);
CREATE INDEX vpn_server_host ON vpn_server (host);

-- The device is stored after its clients, in the same transaction; the server may
-- be gone before them, which jobs release. So neither is a parent.
CREATE TABLE vpn_client (
    id UUID PRIMARY KEY,
    server_id UUID NOT NULL,
    device_id UUID NOT NULL,
    template_id UUID NOT NULL,
    organization_id UUID NOT NULL,
    auto_cert BOOLEAN NOT NULL,
    cert_id BIGINT NOT NULL,
    address_id UUID,
    address INET,
    public_key TEXT NOT NULL,
    private_key TEXT NOT NULL,
    identity TEXT NOT NULL,
    vni BIGINT,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX vpn_client_device_server ON vpn_client (device_id, server_id);
CREATE UNIQUE INDEX vpn_client_server_vni ON vpn_client (server_id, vni);
CREATE INDEX vpn_client_server_created ON vpn_client (server_id, created, id);
CREATE INDEX vpn_client_server_modified ON vpn_client (server_id, modified);
CREATE INDEX vpn_client_organization ON vpn_client (organization_id, created DESC, id DESC);
CREATE INDEX vpn_client_address ON vpn_client (address_id) WHERE address_id IS NOT NULL;
CREATE INDEX vpn_client_cert ON vpn_client (cert_id);

CREATE TABLE vpn_departure (
    id UUID PRIMARY KEY,
    host TEXT NOT NULL,
    token TEXT NOT NULL,
    network_id TEXT NOT NULL
);

-- +goose Down
DROP TABLE vpn_departure;
DROP TABLE vpn_client;
DROP TABLE vpn_server;
