// Package loginpagessql keeps login pages, their files, consents and numbers in
// PostgreSQL or SQLite, behind the interfaces of package loginpages.
package loginpagessql

import (
	"context"
	"embed"
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/radius/loginpages"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the steps that make the tables; run them with
// sqlstore.DB.Migrate before New.
func Migrations() sqlstore.Migrations {
	return sqlstore.Migrations{Concern: "loginpages", FS: migrations}
}

// New returns the stores on a migrated database. The database is their
// transactor.
func New(db *sqlstore.DB) (loginpages.Stores, error) {
	b := sqlstore.Build(db)
	s := loginpages.Stores{
		Pages:    sqlstore.Add[wispwright.ID, loginpages.Page, loginpages.PageFilter](b, sqlstore.Spec{Shape: loginpages.Page{}.Shape()}),
		Assets:   sqlstore.Add[wispwright.ID, loginpages.Asset, loginpages.AssetFilter](b, sqlstore.Spec{Shape: loginpages.Asset{}.Shape()}),
		Policies: sqlstore.Add[wispwright.ID, loginpages.Policy, loginpages.PolicyFilter](b, sqlstore.Spec{Shape: loginpages.Policy{}.Shape()}),
		Signups:  sqlstore.Add[wispwright.ID, loginpages.Signup, loginpages.SignupFilter](b, sqlstore.Spec{Shape: loginpages.Signup{}.Shape()}),
		Days:     &days{sqlstore.Add[wispwright.ID, loginpages.Day, loginpages.DayFilter](b, sqlstore.Spec{Shape: loginpages.Day{}.Shape()}), db},
		Arrivals: &arrivals{sqlstore.Add[wispwright.ID, loginpages.Arrival, loginpages.ArrivalFilter](b, sqlstore.Spec{Shape: loginpages.Arrival{}.Shape()}), db},
	}
	return s, b.Err()
}

type days struct {
	*sqlstore.Repo[wispwright.ID, loginpages.Day, loginpages.DayFilter]
	db *sqlstore.DB
}

// Add implements loginpages.DayStore.
func (s *days) Add(ctx context.Context, d loginpages.Day) error {
	if _, err := sqlstore.Exec(ctx, s.db, `INSERT INTO login_page_days (id, organization_id, day, seen, tried, online) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (organization_id, day) DO UPDATE SET seen = login_page_days.seen + excluded.seen, tried = login_page_days.tried + excluded.tried, online = login_page_days.online + excluded.online`,
		wispwright.NewID(), d.OrganizationID, d.Day, d.Seen, d.Tried, d.Online); err != nil {
		return fmt.Errorf("count visits: %w", err)
	}
	return nil
}

type arrivals struct {
	*sqlstore.Repo[wispwright.ID, loginpages.Arrival, loginpages.ArrivalFilter]
	db *sqlstore.DB
}

// Expect implements loginpages.ArrivalStore.
func (s *arrivals) Expect(ctx context.Context, a loginpages.Arrival) error {
	if _, err := sqlstore.Exec(ctx, s.db, "INSERT INTO login_page_arrival (id, organization_id, username, day, online) VALUES (?, ?, ?, ?, ?) ON CONFLICT (organization_id, username, day) DO NOTHING",
		wispwright.NewID(), a.OrganizationID, a.Username, a.Day, a.Online); err != nil {
		return fmt.Errorf("expect somebody: %w", err)
	}
	return nil
}

// Arrive implements loginpages.ArrivalStore.
func (s *arrivals) Arrive(ctx context.Context, organization wispwright.ID, from string, usernames ...string) (int, error) {
	if len(usernames) == 0 {
		return 0, nil
	}
	marks, names := sqlstore.In(usernames)
	n, err := sqlstore.Exec(ctx, s.db, "UPDATE login_page_arrival SET online = ? WHERE organization_id = ? AND day >= ? AND online = ? AND username IN ("+marks+")",
		append([]any{true, organization, from, false}, names...)...)
	if err != nil {
		return 0, fmt.Errorf("note an arrival: %w", err)
	}
	return n, nil
}

// Forget implements loginpages.ArrivalStore.
func (s *arrivals) Forget(ctx context.Context, before string) error {
	if _, err := sqlstore.Exec(ctx, s.db, "DELETE FROM login_page_arrival WHERE day < ?", before); err != nil {
		return fmt.Errorf("forget arrivals: %w", err)
	}
	return nil
}
