-- +goose Up
CREATE TABLE devicecert_certificate (
    id UUID PRIMARY KEY,
    device_id UUID NOT NULL,
    template_id UUID NOT NULL,
    organization_id UUID NOT NULL,
    auto_cert BOOLEAN NOT NULL,
    cert_id BIGINT NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX devicecert_device_template ON devicecert_certificate (device_id, template_id);
CREATE INDEX devicecert_certificate_organization ON devicecert_certificate (organization_id, created DESC, id DESC);
CREATE INDEX devicecert_certificate_cert ON devicecert_certificate (cert_id);
CREATE INDEX devicecert_certificate_template ON devicecert_certificate (template_id);

-- +goose Down
DROP TABLE devicecert_certificate;
