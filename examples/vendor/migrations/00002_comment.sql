-- +goose Up
CREATE TABLE support_comment (
	id UUID NOT NULL PRIMARY KEY,
	ticket_id UUID NOT NULL REFERENCES support_ticket (id),
	organization_id UUID NOT NULL,
	text TEXT NOT NULL,
	created TIMESTAMPTZ NOT NULL
);
CREATE INDEX comment_ticket ON support_comment (ticket_id);
