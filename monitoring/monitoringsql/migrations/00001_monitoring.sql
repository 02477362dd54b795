-- +goose Up
CREATE TABLE monitoring_metric (
    id UUID PRIMARY KEY,
    -- the object's
    organization_id UUID,
    name TEXT NOT NULL,
    key TEXT NOT NULL,
    field_name TEXT NOT NULL,
    configuration TEXT NOT NULL,
    content_type TEXT NOT NULL,
    object_id TEXT NOT NULL,
    main_tags TEXT NOT NULL,
    extra_tags TEXT NOT NULL,
    is_healthy BOOLEAN,
    is_healthy_tolerant BOOLEAN,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
-- metrics of the whole network have no object
CREATE UNIQUE INDEX monitoring_metric_identity ON monitoring_metric (key, field_name, content_type, object_id, main_tags) WHERE object_id <> '';
CREATE INDEX monitoring_metric_object ON monitoring_metric (content_type, object_id, name, id);
CREATE INDEX monitoring_metric_organization ON monitoring_metric (organization_id, name, id);
CREATE INDEX monitoring_metric_name ON monitoring_metric (name, id);

CREATE TABLE monitoring_chart (
    id UUID PRIMARY KEY,
    -- the metric's
    organization_id UUID,
    metric_id UUID NOT NULL REFERENCES monitoring_metric (id) ON DELETE CASCADE,
    content_type TEXT NOT NULL,
    object_id TEXT NOT NULL,
    configuration TEXT NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX monitoring_chart_metric ON monitoring_chart (metric_id, configuration);
CREATE INDEX monitoring_chart_object ON monitoring_chart (content_type, object_id, created, id);

CREATE TABLE monitoring_wifi_client (
    mac_address TEXT PRIMARY KEY,
    vendor TEXT NOT NULL,
    he BOOLEAN,
    vht BOOLEAN,
    ht BOOLEAN,
    wmm BOOLEAN NOT NULL,
    wds BOOLEAN NOT NULL,
    wps BOOLEAN NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE INDEX monitoring_wifi_client_created ON monitoring_wifi_client (created, mac_address);

CREATE TABLE monitoring_wifi_session (
    id UUID PRIMARY KEY,
    -- the device's
    organization_id UUID NOT NULL,
    device_id UUID NOT NULL,
    mac_address TEXT NOT NULL REFERENCES monitoring_wifi_client (mac_address) ON DELETE CASCADE,
    ssid TEXT NOT NULL,
    interface_name TEXT NOT NULL,
    start_time TIMESTAMPTZ NOT NULL,
    stop_time TIMESTAMPTZ,
    modified TIMESTAMPTZ NOT NULL
);
CREATE INDEX monitoring_wifi_session_start ON monitoring_wifi_session (start_time, id);
CREATE INDEX monitoring_wifi_session_organization ON monitoring_wifi_session (organization_id, start_time, id);
CREATE INDEX monitoring_wifi_session_device ON monitoring_wifi_session (device_id, start_time, id);
CREATE INDEX monitoring_wifi_session_open ON monitoring_wifi_session (device_id) WHERE stop_time IS NULL;
CREATE INDEX monitoring_wifi_session_client ON monitoring_wifi_session (mac_address, start_time, id);
-- +goose Down
DROP TABLE monitoring_wifi_session;
DROP TABLE monitoring_wifi_client;
DROP TABLE monitoring_chart;
DROP TABLE monitoring_metric;
