-- +goose Up
CREATE TABLE ts_owner (id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, object TEXT NOT NULL);
CREATE UNIQUE INDEX ts_owner_object ON ts_owner (kind, object);
CREATE TABLE ts_series (id INTEGER PRIMARY KEY AUTOINCREMENT, owner BIGINT NOT NULL, measurement TEXT NOT NULL, class INTEGER NOT NULL,
    tags TEXT NOT NULL, organization TEXT NOT NULL, location TEXT NOT NULL, floorplan TEXT NOT NULL);
CREATE UNIQUE INDEX ts_series_identity ON ts_series (measurement, tags);
CREATE INDEX ts_series_owner ON ts_series (owner);
CREATE INDEX ts_series_organization ON ts_series (measurement, organization);
CREATE INDEX ts_series_location ON ts_series (measurement, location);
CREATE INDEX ts_series_floorplan ON ts_series (measurement, floorplan);
CREATE TABLE ts_field (id INTEGER PRIMARY KEY AUTOINCREMENT, measurement TEXT NOT NULL, name TEXT NOT NULL, kind INTEGER NOT NULL);
CREATE UNIQUE INDEX ts_field_name ON ts_field (measurement, name);
CREATE TABLE ts_symbol (id INTEGER PRIMARY KEY AUTOINCREMENT, value TEXT NOT NULL);
CREATE UNIQUE INDEX ts_symbol_value ON ts_symbol (value);
CREATE TABLE ts_frame (day INTEGER NOT NULL, owner BIGINT NOT NULL, t BIGINT NOT NULL, p BLOB NOT NULL, PRIMARY KEY (day, owner, t)) WITHOUT ROWID;
CREATE TABLE ts_frame_short (day INTEGER NOT NULL, owner BIGINT NOT NULL, t BIGINT NOT NULL, p BLOB NOT NULL, PRIMARY KEY (day, owner, t)) WITHOUT ROWID;
CREATE TABLE ts_chunk (owner BIGINT NOT NULL, day INTEGER NOT NULL, p BLOB NOT NULL, PRIMARY KEY (owner, day));
CREATE INDEX ts_chunk_day ON ts_chunk (day);
CREATE TABLE ts_delta (id INTEGER PRIMARY KEY AUTOINCREMENT, scope BIGINT NOT NULL, p BLOB NOT NULL);
CREATE INDEX ts_delta_scope ON ts_delta (scope);
CREATE TABLE ts_sum (scope BIGINT NOT NULL, rule INTEGER NOT NULL, day INTEGER NOT NULL, p BLOB NOT NULL, PRIMARY KEY (scope, rule, day)) WITHOUT ROWID;
CREATE TABLE ts_set (scope BIGINT NOT NULL, rule INTEGER NOT NULL, grain BIGINT NOT NULL, t BIGINT NOT NULL, p BLOB NOT NULL, PRIMARY KEY (scope, rule, grain, t));
CREATE TABLE ts_document (owner INTEGER PRIMARY KEY, t BIGINT NOT NULL, body BLOB NOT NULL, state BLOB NOT NULL);
-- +goose Down
DROP TABLE ts_document; DROP TABLE ts_set; DROP TABLE ts_sum; DROP TABLE ts_delta; DROP TABLE ts_chunk; DROP TABLE ts_frame_short; DROP TABLE ts_frame;
DROP TABLE ts_symbol; DROP TABLE ts_field; DROP TABLE ts_series; DROP TABLE ts_owner;
