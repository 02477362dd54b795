-- +goose Up
CREATE TABLE firmware_category (
    id UUID PRIMARY KEY,
    organization_id UUID,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX firmware_category_name ON firmware_category (organization_id, name);
CREATE INDEX firmware_category_order ON firmware_category (name DESC, created, id);

CREATE TABLE firmware_build (
    id UUID PRIMARY KEY,
    organization_id UUID,
    category_id UUID NOT NULL REFERENCES firmware_category (id) ON DELETE CASCADE,
    version TEXT NOT NULL,
    os TEXT,
    changelog TEXT NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX firmware_build_version ON firmware_build (category_id, version);
CREATE INDEX firmware_build_created ON firmware_build (created, version, id);
CREATE INDEX firmware_build_os ON firmware_build (os, organization_id);

CREATE TABLE firmware_image (
    id UUID PRIMARY KEY,
    organization_id UUID,
    build_id UUID NOT NULL REFERENCES firmware_build (id) ON DELETE CASCADE,
    type TEXT NOT NULL,
    file TEXT NOT NULL,
    size BIGINT NOT NULL,
    checksum TEXT NOT NULL,
    boards JSON,
    metadata JSON NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX firmware_image_type ON firmware_image (build_id, type);
CREATE INDEX firmware_image_created ON firmware_image (created, id);
CREATE INDEX firmware_image_file ON firmware_image (file);

CREATE TABLE firmware_device (
    id UUID PRIMARY KEY,
    organization_id UUID,
    -- the device of another concern, which tells when it goes
    device_id UUID NOT NULL,
    image_id UUID NOT NULL REFERENCES firmware_image (id) ON DELETE CASCADE,
    installed BOOLEAN NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX firmware_device_device ON firmware_device (device_id);
CREATE INDEX firmware_device_image ON firmware_device (image_id, created, id);
CREATE INDEX firmware_device_created ON firmware_device (created, id);

CREATE TABLE firmware_batch (
    id UUID PRIMARY KEY,
    organization_id UUID,
    build_id UUID NOT NULL REFERENCES firmware_build (id) ON DELETE CASCADE,
    status TEXT NOT NULL,
    options JSON NOT NULL,
    group_id UUID,
    location_id UUID,
    devices JSON,
    is_persistent BOOLEAN NOT NULL,
    firmwareless BOOLEAN NOT NULL,
    scheduled_at TIMESTAMPTZ,
    parallel BIGINT NOT NULL,
    last_reminder_at TIMESTAMPTZ,
    problem TEXT NOT NULL,
    skipped JSON,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE INDEX firmware_batch_created ON firmware_batch (created, id);
CREATE INDEX firmware_batch_build ON firmware_batch (build_id);
CREATE INDEX firmware_batch_status ON firmware_batch (status, scheduled_at);

CREATE TABLE firmware_operation (
    id UUID PRIMARY KEY,
    organization_id UUID NOT NULL,
    device_id UUID NOT NULL,
    image_id UUID REFERENCES firmware_image (id) ON DELETE SET NULL,
    batch_id UUID REFERENCES firmware_batch (id) ON DELETE CASCADE,
    status TEXT NOT NULL,
    log TEXT NOT NULL,
    progress BIGINT NOT NULL,
    options JSON NOT NULL,
    is_persistent BOOLEAN NOT NULL,
    retry_count BIGINT NOT NULL,
    next_retry_at TIMESTAMPTZ,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL,
    queued TIMESTAMPTZ,
    claimed BOOLEAN NOT NULL,
    attempts BIGINT NOT NULL,
    flashed BOOLEAN NOT NULL,
    state JSON NOT NULL
);
CREATE UNIQUE INDEX firmware_operation_claim ON firmware_operation (device_id) WHERE claimed;
CREATE UNIQUE INDEX firmware_operation_target ON firmware_operation (batch_id, device_id);
CREATE INDEX firmware_operation_created ON firmware_operation (created, id);
CREATE INDEX firmware_operation_device ON firmware_operation (device_id, created, id);
CREATE INDEX firmware_operation_image ON firmware_operation (image_id);
CREATE INDEX firmware_operation_batch ON firmware_operation (batch_id, status);
CREATE INDEX firmware_operation_status ON firmware_operation (status, next_retry_at) WHERE status IN ('in-progress', 'pending');

CREATE TABLE firmware_upload (
    id UUID PRIMARY KEY,
    organization_id UUID,
    build_id UUID NOT NULL REFERENCES firmware_build (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    size BIGINT NOT NULL,
    received BIGINT NOT NULL,
    checksum TEXT NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE INDEX firmware_upload_created ON firmware_upload (created, id);
CREATE INDEX firmware_upload_build ON firmware_upload (build_id);
