-- +goose Up
CREATE TABLE whois_record (
    address INET PRIMARY KEY,
    isp TEXT NOT NULL,
    asn TEXT NOT NULL,
    timezone TEXT NOT NULL,
    place JSON NOT NULL,
    cidr TEXT NOT NULL,
    latitude DOUBLE PRECISION,
    longitude DOUBLE PRECISION,
    unreferenced_since TIMESTAMPTZ,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE INDEX whois_record_unreferenced ON whois_record (unreferenced_since) WHERE unreferenced_since IS NOT NULL;

CREATE TABLE whois_choice (
    organization_id UUID PRIMARY KEY,
    enabled BOOLEAN
);

CREATE TABLE whois_note (
    name TEXT PRIMARY KEY,
    text TEXT NOT NULL,
    at TIMESTAMPTZ NOT NULL
);

-- +goose Down
DROP TABLE whois_note;
DROP TABLE whois_choice;
DROP TABLE whois_record;
