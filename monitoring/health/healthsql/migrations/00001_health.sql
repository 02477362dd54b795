-- +goose Up
CREATE TABLE monitoring_alertsettings (
    metric_id UUID PRIMARY KEY REFERENCES monitoring_metric (id) ON DELETE CASCADE,
    -- the device's
    organization_id UUID,
    device_id UUID NOT NULL,
    is_active BOOLEAN,
    operator TEXT NOT NULL,
    threshold DOUBLE PRECISION,
    tolerance BIGINT,
    -- what the values did
    crossed BOOLEAN,
    since TIMESTAMPTZ,
    value DOUBLE PRECISION,
    flaps BIGINT NOT NULL,
    flaps_since TIMESTAMPTZ,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE INDEX monitoring_alertsettings_device ON monitoring_alertsettings (device_id);
CREATE INDEX monitoring_alertsettings_organization ON monitoring_alertsettings (organization_id, created, metric_id);

CREATE TABLE monitoring_alertdefault (
    id UUID PRIMARY KEY,
    organization_id UUID NOT NULL,
    group_id UUID,
    place TEXT NOT NULL,
    configuration TEXT NOT NULL,
    is_active BOOLEAN,
    operator TEXT NOT NULL,
    threshold DOUBLE PRECISION,
    tolerance BIGINT,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX monitoring_alertdefault_place ON monitoring_alertdefault (organization_id, place, configuration);

CREATE TABLE monitoring_devicemonitoring (
    device_id UUID PRIMARY KEY,
    organization_id UUID NOT NULL,
    status TEXT NOT NULL,
    since TIMESTAMPTZ NOT NULL,
    uplink_id UUID,
    modified TIMESTAMPTZ NOT NULL
);
CREATE INDEX monitoring_devicemonitoring_status ON monitoring_devicemonitoring (organization_id, status);
CREATE INDEX monitoring_devicemonitoring_uplink ON monitoring_devicemonitoring (uplink_id);
CREATE INDEX monitoring_devicemonitoring_since ON monitoring_devicemonitoring (since, device_id);

CREATE TABLE monitoring_incident (
    id UUID PRIMARY KEY,
    organization_id UUID NOT NULL,
    kind TEXT NOT NULL,
    cause_id UUID,
    open BOOLEAN NOT NULL,
    devices BIGINT NOT NULL,
    ill BIGINT NOT NULL,
    told BIGINT NOT NULL,
    grown BIGINT NOT NULL,
    started TIMESTAMPTZ NOT NULL,
    updated TIMESTAMPTZ NOT NULL,
    ended TIMESTAMPTZ,
    acknowledged_at TIMESTAMPTZ,
    acknowledged_by TEXT NOT NULL,
    escalated_at TIMESTAMPTZ,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE INDEX monitoring_incident_started ON monitoring_incident (started, id);
CREATE INDEX monitoring_incident_organization ON monitoring_incident (organization_id, started, id);
CREATE INDEX monitoring_incident_open ON monitoring_incident (organization_id, kind) WHERE open;
CREATE INDEX monitoring_incident_cause ON monitoring_incident (cause_id) WHERE open;

CREATE TABLE monitoring_incident_case (
    id UUID PRIMARY KEY,
    incident_id UUID NOT NULL REFERENCES monitoring_incident (id) ON DELETE CASCADE,
    organization_id UUID NOT NULL,
    device_id UUID NOT NULL,
    device_name TEXT NOT NULL,
    metric_id UUID NOT NULL,
    kind TEXT NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    threshold DOUBLE PRECISION NOT NULL,
    custom BOOLEAN NOT NULL,
    started TIMESTAMPTZ NOT NULL,
    ended TIMESTAMPTZ,
    told BOOLEAN NOT NULL,
    why TEXT NOT NULL,
    hold_until TIMESTAMPTZ,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE INDEX monitoring_incident_case_incident ON monitoring_incident_case (incident_id, started, id);
CREATE INDEX monitoring_incident_case_device ON monitoring_incident_case (device_id, started, id);
CREATE INDEX monitoring_incident_case_organization ON monitoring_incident_case (organization_id, started, id);
CREATE INDEX monitoring_incident_case_started ON monitoring_incident_case (started, id);
CREATE INDEX monitoring_incident_case_metric ON monitoring_incident_case (metric_id) WHERE ended IS NULL;
CREATE INDEX monitoring_incident_case_hold ON monitoring_incident_case (hold_until) WHERE hold_until IS NOT NULL;

CREATE TABLE monitoring_incident_entry (
    id UUID PRIMARY KEY,
    incident_id UUID NOT NULL REFERENCES monitoring_incident (id) ON DELETE CASCADE,
    organization_id UUID NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    kind TEXT NOT NULL,
    device_id UUID,
    device_name TEXT NOT NULL,
    devices BIGINT NOT NULL,
    author TEXT NOT NULL,
    text TEXT NOT NULL
);
CREATE INDEX monitoring_incident_entry_incident ON monitoring_incident_entry (incident_id, at, id);

CREATE TABLE monitoring_maintenance (
    id UUID PRIMARY KEY,
    organization_id UUID NOT NULL,
    name TEXT NOT NULL,
    start TIMESTAMPTZ NOT NULL,
    finish TIMESTAMPTZ NOT NULL,
    repeat TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    until TIMESTAMPTZ,
    group_id UUID,
    devices TEXT NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE INDEX monitoring_maintenance_organization ON monitoring_maintenance (organization_id, start, id);

CREATE TABLE monitoring_statuspage (
    id UUID PRIMARY KEY,
    organization_id UUID NOT NULL,
    title TEXT NOT NULL,
    -- sealed
    token TEXT NOT NULL,
    digest TEXT NOT NULL,
    show_names BOOLEAN NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX monitoring_statuspage_digest ON monitoring_statuspage (digest);
CREATE INDEX monitoring_statuspage_organization ON monitoring_statuspage (organization_id, title, id);

-- metrics from before there were thresholds
INSERT INTO monitoring_alertsettings (metric_id, organization_id, device_id, operator, flaps, created, modified)
SELECT id, organization_id, CAST(object_id AS UUID), '', 0, created, modified FROM monitoring_metric
WHERE content_type = 'config.device' AND configuration IN ('ping', 'config_applied', 'disk', 'memory', 'cpu', 'iperf3');
-- +goose Down
DROP TABLE monitoring_statuspage;
DROP TABLE monitoring_maintenance;
DROP TABLE monitoring_incident_entry;
DROP TABLE monitoring_incident_case;
DROP TABLE monitoring_incident;
DROP TABLE monitoring_devicemonitoring;
DROP TABLE monitoring_alertdefault;
DROP TABLE monitoring_alertsettings;
