-- +goose Up
CREATE INDEX x509_cert_common_name ON x509_cert (common_name);

-- +goose Down
DROP INDEX x509_cert_common_name;
