-- +goose Up
CREATE TABLE ipam_subnet (
    id UUID PRIMARY KEY,
    organization_id UUID,
    name TEXT NOT NULL,
    subnet CIDR NOT NULL,
    description TEXT NOT NULL,
    -- whoever deletes a master deletes what is nested in it, in whatever order
    master_subnet_id UUID REFERENCES ipam_subnet (id) ON DELETE SET NULL,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL,
    used BIGINT NOT NULL,
    fullness DOUBLE PRECISION NOT NULL,
    nested BIGINT NOT NULL,
    allotted DOUBLE PRECISION NOT NULL,
    free_from INET,
    highest INET,
    holes BIGINT NOT NULL
);
CREATE UNIQUE INDEX ipam_subnet_organization_subnet ON ipam_subnet (organization_id, subnet);
CREATE INDEX ipam_subnet_subnet ON ipam_subnet (subnet, created, id);
CREATE INDEX ipam_subnet_master ON ipam_subnet (master_subnet_id, subnet, created, id);
CREATE INDEX ipam_subnet_name ON ipam_subnet (name);

CREATE TABLE ipam_address (
    id UUID PRIMARY KEY,
    -- the subnet's
    organization_id UUID,
    subnet_id UUID NOT NULL REFERENCES ipam_subnet (id) ON DELETE CASCADE,
    ip_address INET NOT NULL,
    description TEXT NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX ipam_address_subnet_ip ON ipam_address (subnet_id, ip_address);
CREATE INDEX ipam_address_ip ON ipam_address (ip_address, id);
CREATE INDEX ipam_address_organization ON ipam_address (organization_id, ip_address, id);

-- hosts before ipam_subnet.free_from that are not recorded any more
CREATE TABLE ipam_hole (
    id UUID PRIMARY KEY,
    subnet_id UUID NOT NULL REFERENCES ipam_subnet (id) ON DELETE CASCADE,
    ip_address INET NOT NULL
);
CREATE UNIQUE INDEX ipam_hole_subnet_ip ON ipam_hole (subnet_id, ip_address);

-- +goose Down
DROP TABLE ipam_hole;
DROP TABLE ipam_address;
DROP TABLE ipam_subnet;
