// Package tenancysql keeps the concern tenancy in PostgreSQL or SQLite, and the
// sessions of the web admin beside it.
//
// Tables begin with "tenancy_". Within the concern foreign keys cascade: with
// an organization go its memberships and owner, with a user also its token and
// groups. The audit trail refers to nothing, it outlives what it tells of.
// Other concerns refer to tenancy_organization by id and hold the row while they
// write (tenancy.Organizations.Hold, which kit/entity calls).
package tenancysql
