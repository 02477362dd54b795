-- +goose Up
-- locations with so many objects that they have sums of their own, from a time on
CREATE TABLE ts_place (organization TEXT NOT NULL, location TEXT NOT NULL, scope BIGINT NOT NULL, since BIGINT NOT NULL, PRIMARY KEY (organization, location));
-- +goose Down
DROP TABLE ts_place;
