-- +goose Up
CREATE TABLE support_ticket (
	id TEXT NOT NULL PRIMARY KEY,
	organization_id TEXT NOT NULL,
	title TEXT NOT NULL,
	done BOOLEAN NOT NULL,
	created TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX ticket_title ON support_ticket (organization_id, title);
