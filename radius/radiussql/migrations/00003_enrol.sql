-- +goose Up
-- what people get accounts by (spec: radius §1.9, §1.11)
CREATE TABLE radius_code (
    id UUID PRIMARY KEY,
    organization_id UUID NOT NULL,
    user_id UUID NOT NULL,
    phone VARCHAR(20) NOT NULL,
    digits TEXT NOT NULL,
    day VARCHAR(10) NOT NULL,
    ordinal BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    is_verified BOOLEAN NOT NULL,
    address INET NOT NULL,
    valid_until TIMESTAMPTZ NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX radius_code_user_day ON radius_code (user_id, day, ordinal);
CREATE INDEX radius_code_address ON radius_code (address, day);
CREATE INDEX radius_code_organization ON radius_code (organization_id, created, id);
CREATE INDEX radius_code_created ON radius_code (created);

CREATE TABLE radius_batch (
    id UUID PRIMARY KEY,
    organization_id UUID NOT NULL,
    strategy VARCHAR(16) NOT NULL,
    status VARCHAR(16) NOT NULL,
    name VARCHAR(128) NOT NULL,
    prefix VARCHAR(20) NOT NULL,
    number BIGINT NOT NULL,
    password_length BIGINT NOT NULL,
    file_name VARCHAR(128) NOT NULL,
    group_id UUID,
    expiration_date DATE,
    notes TEXT NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX radius_batch_name ON radius_batch (organization_id, name);
CREATE UNIQUE INDEX radius_batch_file ON radius_batch (organization_id, file_name) WHERE file_name <> '';
CREATE INDEX radius_batch_organization ON radius_batch (organization_id, created, id);

CREATE TABLE radius_batch_paper (
    id UUID PRIMARY KEY REFERENCES radius_batch (id) ON DELETE CASCADE,
    organization_id UUID NOT NULL,
    file TEXT NOT NULL,
    credentials TEXT NOT NULL
);

CREATE TABLE radius_batch_user (
    id UUID PRIMARY KEY,
    organization_id UUID NOT NULL,
    batch_id UUID NOT NULL REFERENCES radius_batch (id) ON DELETE CASCADE,
    user_id UUID NOT NULL,
    is_new BOOLEAN NOT NULL,
    place BIGINT NOT NULL
);
CREATE UNIQUE INDEX radius_batch_user_pair ON radius_batch_user (batch_id, user_id);
CREATE INDEX radius_batch_user_place ON radius_batch_user (batch_id, place);
CREATE INDEX radius_batch_user_user ON radius_batch_user (user_id);

ALTER TABLE radius_settings ADD COLUMN sms_verification BOOLEAN;
ALTER TABLE radius_settings ADD COLUMN sms_sender TEXT NOT NULL DEFAULT '';
ALTER TABLE radius_settings ADD COLUMN sms_message TEXT;
ALTER TABLE radius_settings ADD COLUMN sms_cooldown BIGINT;
ALTER TABLE radius_settings ADD COLUMN sms_meta_data JSON;
ALTER TABLE radius_settings ADD COLUMN mobile_prefixes TEXT;

-- +goose Down
ALTER TABLE radius_settings DROP COLUMN mobile_prefixes;
ALTER TABLE radius_settings DROP COLUMN sms_meta_data;
ALTER TABLE radius_settings DROP COLUMN sms_cooldown;
ALTER TABLE radius_settings DROP COLUMN sms_message;
ALTER TABLE radius_settings DROP COLUMN sms_sender;
ALTER TABLE radius_settings DROP COLUMN sms_verification;
DROP TABLE radius_batch_user;
DROP TABLE radius_batch_paper;
DROP TABLE radius_batch;
DROP TABLE radius_code;
