-- +goose Up
CREATE TABLE notification_outbox (
    id UUID PRIMARY KEY,
    event JSON,
    attempts BIGINT NOT NULL,
    not_before TIMESTAMPTZ NOT NULL,
    created TIMESTAMPTZ NOT NULL
);
CREATE INDEX notification_outbox_created ON notification_outbox (created, id);

-- +goose Down
DROP TABLE notification_outbox;
