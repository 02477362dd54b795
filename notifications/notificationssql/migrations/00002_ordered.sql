-- +goose Up
-- in the order of the lists: SQLite would otherwise walk over all of a user's
-- rows to save a sort, and PostgreSQL sort all that are unread for one page
DROP INDEX notification_unread;
CREATE INDEX notification_unread ON notification (recipient_id, timestamp DESC, id DESC) WHERE unread;
DROP INDEX notification_user_due;
CREATE INDEX notification_user_due ON notification (recipient_id, timestamp DESC, id DESC) WHERE email_due;

-- +goose Down
DROP INDEX notification_user_due;
CREATE INDEX notification_user_due ON notification (recipient_id) WHERE email_due;
DROP INDEX notification_unread;
CREATE INDEX notification_unread ON notification (recipient_id) WHERE unread;
