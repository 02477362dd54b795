-- +goose Up
CREATE TABLE subnetdivision_rule (
    id UUID PRIMARY KEY,
    organization_id UUID NOT NULL,
    type TEXT NOT NULL,
    master_subnet_id UUID NOT NULL,
    label TEXT NOT NULL,
    number_of_subnets BIGINT NOT NULL,
    size BIGINT NOT NULL,
    number_of_ips BIGINT NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX subnetdivision_rule_organization_label ON subnetdivision_rule (organization_id, label);
CREATE INDEX subnetdivision_rule_master ON subnetdivision_rule (master_subnet_id, id);
CREATE INDEX subnetdivision_rule_created ON subnetdivision_rule (created DESC, id DESC);

-- Entries are stored before their device, and outlive their rule until a job has
-- taken back what they stand for.
CREATE TABLE subnetdivision_entry (
    id UUID PRIMARY KEY,
    rule_id UUID NOT NULL,
    device_id UUID NOT NULL,
    subnet_id UUID NOT NULL,
    address_id UUID,
    number BIGINT NOT NULL,
    ordinal BIGINT NOT NULL,
    keyword TEXT NOT NULL,
    value TEXT NOT NULL,
    created TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX subnetdivision_entry_device_keyword ON subnetdivision_entry (device_id, keyword);
CREATE INDEX subnetdivision_entry_rule ON subnetdivision_entry (rule_id, device_id, number, ordinal);
CREATE INDEX subnetdivision_entry_subnet ON subnetdivision_entry (subnet_id);

-- +goose Down
DROP TABLE subnetdivision_entry;
DROP TABLE subnetdivision_rule;
