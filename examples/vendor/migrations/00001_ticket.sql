-- +goose Up
CREATE TABLE support_ticket (
	id UUID NOT NULL PRIMARY KEY,
	organization_id UUID NOT NULL,
	title TEXT NOT NULL,
	done BOOLEAN NOT NULL,
	created TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX ticket_title ON support_ticket (organization_id, title);
