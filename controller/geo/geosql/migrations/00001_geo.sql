-- +goose Up
CREATE TABLE geo_location (
    id UUID PRIMARY KEY,
    organization_id UUID NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    is_mobile BOOLEAN NOT NULL,
    address TEXT NOT NULL,
    -- GeoJSON, empty for none
    geometry TEXT NOT NULL,
    -- the middle of it
    longitude DOUBLE PRECISION,
    latitude DOUBLE PRECISION,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE INDEX geo_location_created ON geo_location (created, id);
CREATE INDEX geo_location_organization ON geo_location (organization_id, created, id);
CREATE INDEX geo_location_name ON geo_location (name, id);
-- what lies in a box: the longitudes are a range of it, the latitudes are looked
-- at without touching the rows
CREATE INDEX geo_location_position ON geo_location (longitude, latitude);

CREATE TABLE geo_floorplan (
    id UUID PRIMARY KEY,
    -- the location's
    organization_id UUID NOT NULL,
    location_id UUID NOT NULL REFERENCES geo_location (id) ON DELETE CASCADE,
    floor INTEGER NOT NULL,
    image TEXT NOT NULL,
    blob TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX geo_floorplan_location_floor ON geo_floorplan (location_id, floor);
CREATE INDEX geo_floorplan_created ON geo_floorplan (created, id);
CREATE INDEX geo_floorplan_organization ON geo_floorplan (organization_id, created, id);
CREATE INDEX geo_floorplan_blob ON geo_floorplan (blob);

CREATE TABLE geo_devicelocation (
    id UUID PRIMARY KEY,
    -- the device's
    organization_id UUID NOT NULL,
    device_id UUID NOT NULL REFERENCES controller_device (id) ON DELETE CASCADE,
    location_id UUID NOT NULL REFERENCES geo_location (id) ON DELETE CASCADE,
    floor_plan_id UUID REFERENCES geo_floorplan (id) ON DELETE SET NULL,
    indoor TEXT NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX geo_devicelocation_device ON geo_devicelocation (device_id);
CREATE INDEX geo_devicelocation_location ON geo_devicelocation (location_id, created, id);
CREATE INDEX geo_devicelocation_floor_plan ON geo_devicelocation (floor_plan_id);
CREATE INDEX geo_devicelocation_organization ON geo_devicelocation (organization_id, created, id);

-- +goose Down
DROP TABLE geo_devicelocation;
DROP TABLE geo_floorplan;
DROP TABLE geo_location;
