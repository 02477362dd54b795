-- +goose Up
CREATE TABLE geo_estimate_choice (
    organization_id UUID PRIMARY KEY,
    enabled BOOLEAN
);

CREATE TABLE geo_estimate_note (
    name TEXT PRIMARY KEY,
    at TIMESTAMPTZ NOT NULL
);
CREATE INDEX geo_estimate_note_at ON geo_estimate_note (at);

-- +goose Down
DROP TABLE geo_estimate_note;
DROP TABLE geo_estimate_choice;
