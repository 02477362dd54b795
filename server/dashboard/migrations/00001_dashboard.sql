-- +goose Up
CREATE TABLE dashboard_layout (
    user_id UUID PRIMARY KEY REFERENCES tenancy_user (id) ON DELETE CASCADE,
    placed TEXT NOT NULL,
    hidden TEXT NOT NULL
);

-- +goose Down
DROP TABLE dashboard_layout;
