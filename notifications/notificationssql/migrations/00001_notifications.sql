-- +goose Up
CREATE TABLE notification (
    id UUID PRIMARY KEY,
    event_id UUID NOT NULL,
    type TEXT NOT NULL,
    level TEXT NOT NULL,
    recipient_id UUID NOT NULL,
    unread BOOLEAN NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    target_kind TEXT NOT NULL,
    target_id TEXT NOT NULL,
    action_kind TEXT NOT NULL,
    action_id TEXT NOT NULL,
    organization_id UUID,
    addressed BOOLEAN NOT NULL,
    verb TEXT NOT NULL,
    description TEXT NOT NULL,
    timestamp TIMESTAMPTZ NOT NULL,
    emailed BOOLEAN NOT NULL,
    email_due BOOLEAN NOT NULL,
    data JSON,
    names JSON
);
-- the list of a user, and how many came lately
CREATE INDEX notification_recipient ON notification (recipient_id, timestamp DESC, id DESC);
CREATE INDEX notification_unread ON notification (recipient_id) WHERE unread;
CREATE INDEX notification_timestamp ON notification (timestamp);
CREATE INDEX notification_event_due ON notification (event_id) WHERE email_due;
CREATE INDEX notification_user_due ON notification (recipient_id) WHERE email_due;
-- what was said of an object that is deleted
CREATE INDEX notification_target ON notification (target_id) WHERE target_id <> '';
CREATE INDEX notification_actor ON notification (actor_id) WHERE actor_id <> '';
CREATE INDEX notification_action ON notification (action_id) WHERE action_id <> '';

-- user_id is NULL for what organizations chose, organization_id for everything
CREATE TABLE notification_choice (
    id UUID PRIMARY KEY,
    user_id UUID,
    organization_id UUID,
    type TEXT NOT NULL,
    web BOOLEAN,
    email BOOLEAN
);
CREATE INDEX notification_choice_user ON notification_choice (user_id);
CREATE INDEX notification_choice_organization ON notification_choice (organization_id);

CREATE TABLE notification_silence (
    id UUID PRIMARY KEY,
    user_id UUID NOT NULL,
    object_kind TEXT NOT NULL,
    object_id TEXT NOT NULL,
    valid_till TIMESTAMPTZ
);
CREATE UNIQUE INDEX silence_user_object ON notification_silence (user_id, object_kind, object_id);
CREATE INDEX notification_silence_object ON notification_silence (object_id);
CREATE INDEX notification_silence_valid_till ON notification_silence (valid_till);

CREATE TABLE notification_mail_state (
    user_id UUID PRIMARY KEY,
    sent TIMESTAMPTZ NOT NULL,
    flush_at TIMESTAMPTZ
);
CREATE INDEX notification_mail_state_flush ON notification_mail_state (flush_at);

-- +goose Down
DROP TABLE notification_mail_state;
DROP TABLE notification_silence;
DROP TABLE notification_choice;
DROP TABLE notification;
