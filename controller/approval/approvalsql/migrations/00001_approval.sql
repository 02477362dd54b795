-- +goose Up
CREATE TABLE approval_registration (
    id UUID PRIMARY KEY,
    organization_id UUID NOT NULL,
    mac_address TEXT NOT NULL,
    name TEXT NOT NULL,
    hardware_id TEXT NOT NULL,
    backend TEXT NOT NULL,
    model TEXT NOT NULL,
    os TEXT NOT NULL,
    system TEXT NOT NULL,
    tags TEXT NOT NULL,
    address INET,
    state TEXT NOT NULL,
    actor_id UUID,
    actor TEXT NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    heard TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX approval_registration_mac_address ON approval_registration (organization_id, mac_address);
CREATE INDEX approval_registration_created ON approval_registration (created, id);
CREATE INDEX approval_registration_heard ON approval_registration (heard);

CREATE TABLE approval_choice (
    organization_id UUID PRIMARY KEY,
    required BOOLEAN NOT NULL
);

-- +goose Down
DROP TABLE approval_choice;
DROP TABLE approval_registration;
