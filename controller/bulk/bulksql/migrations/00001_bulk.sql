-- +goose Up
CREATE TABLE controller_bulk_task (
    id UUID PRIMARY KEY,
    organization_id UUID,
    action TEXT NOT NULL,
    params JSON NOT NULL,
    dry_run BOOLEAN NOT NULL,
    phase TEXT NOT NULL,
    of_id UUID,
    actor_id UUID,
    actor TEXT NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    finished TIMESTAMPTZ
);
CREATE INDEX controller_bulk_task_created ON controller_bulk_task (created DESC, id DESC);

CREATE TABLE controller_bulk_item (
    id UUID PRIMARY KEY,
    task_id UUID NOT NULL REFERENCES controller_bulk_task (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    device_id UUID,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    message TEXT NOT NULL,
    row_data TEXT NOT NULL,
    was TEXT NOT NULL,
    became TEXT NOT NULL
);
CREATE INDEX controller_bulk_item_state ON controller_bulk_item (task_id, state, position);
CREATE INDEX controller_bulk_item_task ON controller_bulk_item (task_id, position);

-- +goose Down
DROP TABLE controller_bulk_item;
DROP TABLE controller_bulk_task;
