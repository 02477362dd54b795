-- +goose Up
-- networks that people come into by EAP
CREATE TABLE radius_enterprise (
    id UUID PRIMARY KEY,
    organization_id UUID NOT NULL,
    ssid VARCHAR(32) NOT NULL,
    server VARCHAR(253) NOT NULL,
    server_name VARCHAR(64) NOT NULL,
    access_points VARCHAR(128) NOT NULL,
    ca_id BIGINT NOT NULL,
    cert_id BIGINT NOT NULL,
    nas_id UUID NOT NULL,
    template_id UUID NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX radius_enterprise_organization ON radius_enterprise (organization_id);

-- +goose Down
DROP TABLE radius_enterprise;
