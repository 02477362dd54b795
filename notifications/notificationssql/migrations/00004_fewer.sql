-- +goose Up
-- most events have one object as actor and target, which is found by the target
DROP INDEX notification_actor;
CREATE INDEX notification_actor ON notification (actor_id) WHERE actor_id <> '' AND (actor_id <> target_id OR actor_kind <> target_kind);

-- +goose Down
DROP INDEX notification_actor;
CREATE INDEX notification_actor ON notification (actor_id) WHERE actor_id <> '';
