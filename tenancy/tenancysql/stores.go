package tenancysql

import (
	"context"
	"embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/tenancy"
)

//go:embed migrations/*.sql
var migrations embed.FS

// OrganizationTable is the table of organizations, which other concerns' tables
// may refer to by id.
const OrganizationTable = "tenancy_organization"

// Migrations are the steps that make the concern's tables; run them with
// sqlstore.DB.Migrate before New.
func Migrations() sqlstore.Migrations {
	return sqlstore.Migrations{Concern: "tenancy", FS: migrations}
}

// New returns the concern's stores on a migrated database. The database is
// their transactor.
func New(db *sqlstore.DB) (tenancy.Stores, error) {
	b := sqlstore.Build(db)
	stores := tenancy.Stores{
		Organizations: organizations{sqlstore.Add[wispwright.ID, tenancy.Organization, tenancy.OrganizationFilter](b, sqlstore.Spec{Shape: tenancy.Organization{}.Shape()}), db},
		Users:         newUsers(b),
		Emails:        sqlstore.Add[int64, tenancy.Email, tenancy.EmailFilter](b, sqlstore.Spec{Shape: tenancy.Email{}.Shape()}),
		Grants:        grants{db},
		Memberships:   sqlstore.Add[wispwright.ID, tenancy.Membership, tenancy.MembershipFilter](b, sqlstore.Spec{Shape: tenancy.Membership{}.Shape()}),
		Owners:        sqlstore.Add[wispwright.ID, tenancy.Owner, tenancy.OwnerFilter](b, sqlstore.Spec{Shape: tenancy.Owner{}.Shape()}),
		Groups:        sqlstore.Add[int64, tenancy.Group, tenancy.GroupFilter](b, sqlstore.Spec{Shape: tenancy.Group{}.Shape()}),
		Tokens:        sqlstore.Add[wispwright.ID, tenancy.Token, tenancy.TokenFilter](b, sqlstore.Spec{Shape: tenancy.Token{}.Shape()}),
		APITokens:     sqlstore.Add[wispwright.ID, tenancy.APIToken, tenancy.APITokenFilter](b, sqlstore.Spec{Shape: tenancy.APIToken{}.Shape()}),
		SecondFactors: sqlstore.Add[wispwright.ID, tenancy.SecondFactor, tenancy.SecondFactorFilter](b, sqlstore.Spec{Shape: tenancy.SecondFactor{}.Shape()}),
		Passkeys:      sqlstore.Add[wispwright.ID, tenancy.Passkey, tenancy.PasskeyFilter](b, sqlstore.Spec{Shape: tenancy.Passkey{}.Shape()}),
		Standings:     newStandings(b),
		Events:        events{sqlstore.Add[wispwright.ID, tenancy.Event, tenancy.EventFilter](b, sqlstore.Spec{Shape: tenancy.Event{}.Shape()}), db},
	}
	return stores, b.Err()
}

type organizations struct {
	*sqlstore.Repo[wispwright.ID, tenancy.Organization, tenancy.OrganizationFilter]
	db *sqlstore.DB
}

// Hold locks the row against its deletion, not against changes.
func (s organizations) Hold(ctx context.Context, id wispwright.ID) error {
	n, err := s.db.ForKeyShare(ctx, OrganizationTable, id)
	if err == nil && n == 0 {
		return wispwright.ErrNotFound
	}
	return err
}

type users struct {
	*sqlstore.Repo[wispwright.ID, tenancy.User, tenancy.UserFilter]
}

var _ tenancy.UserStore = (*users)(nil)

func newUsers(b *sqlstore.Builder) *users {
	fold := b.DB().Dialect().Fold
	return &users{sqlstore.Add[wispwright.ID, tenancy.User, tenancy.UserFilter](b, sqlstore.Spec{Shape: tenancy.User{}.Shape(),
		ScopeWhere: func(scope wispwright.Scope) sqlstore.Cond {
			c := sqlstore.ScopeCond("m.organization_id", scope)
			c.SQL = "NOT is_superuser AND EXISTS (SELECT 1 FROM tenancy_membership m WHERE m.user_id = tenancy_user.id AND " + c.SQL + ")"
			return c
		},
		Where: map[string]func(any) sqlstore.Cond{
			"Named": func(v any) sqlstore.Cond {
				return sqlstore.Cond{SQL: fold("username") + " = ?", Args: []any{store.Fold(v.(string))}}
			},
			"NamedAmong": func(v any) sqlstore.Cond {
				names := v.([]string)
				folded := make([]string, len(names))
				for i, n := range names {
					folded[i] = store.Fold(n)
				}
				marks, args := sqlstore.In(folded)
				return sqlstore.Cond{SQL: fold("username") + " IN (" + marks + ")", Args: args}
			},
			"Email": func(v any) sqlstore.Cond {
				return sqlstore.Cond{SQL: fold("email") + " = ? AND email <> ''", Args: []any{store.Fold(v.(string))}}
			},
			"OrganizationID": func(v any) sqlstore.Cond {
				return sqlstore.Cond{SQL: "id IN (SELECT user_id FROM tenancy_membership WHERE organization_id = ?)", Args: []any{v}}
			},
			"GroupID": func(v any) sqlstore.Cond {
				return sqlstore.Cond{SQL: "id IN (SELECT user_id FROM tenancy_user_group WHERE group_id = ?)", Args: []any{v}}
			},
		},
	})}
}

// ByIdentifier asks three indexes, since OR over them would read the table.
func (s *users) ByIdentifier(ctx context.Context, identifiers ...string) ([]*tenancy.User, error) {
	identifiers = slices.DeleteFunc(slices.Clone(identifiers), func(i string) bool { return i == "" })
	marks, args := sqlstore.In(identifiers)
	var ids []string
	for _, column := range []string{"username", "email", "phone_number"} {
		ids = append(ids, "SELECT id FROM tenancy_user WHERE "+column+" IN ("+marks+")")
	}
	return s.Query(ctx, "SELECT "+s.Columns()+" FROM tenancy_user WHERE id IN ("+strings.Join(ids, " UNION ")+") ORDER BY date_joined DESC, id DESC",
		slices.Concat(args, args, args)...)
}

type events struct {
	*sqlstore.Repo[wispwright.ID, tenancy.Event, tenancy.EventFilter]
	db *sqlstore.DB
}

var _ tenancy.EventStore = events{}

// Append stores one entry with a prepared statement, several with one INSERT.
func (s events) Append(ctx context.Context, entries ...*tenancy.Event) error {
	if len(entries) == 1 {
		return s.Insert(ctx, entries[0])
	}
	return s.InsertMany(ctx, entries)
}

// Amend implements tenancy.EventStore, in the order of ids, which do not change.
func (s events) Amend(ctx context.Context, kind, holding string, change func(*tenancy.Event) bool) (total int, err error) {
	const step = 200
	text := s.db.Dialect().Text("fields")
	query := "SELECT " + s.Columns() + " FROM tenancy_event WHERE kind = ? AND " + text + " LIKE ? ESCAPE '\\'"
	args := []any{kind, "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(holding) + "%"}
	for after := ""; ; {
		rows, n := 0, 0
		err := s.db.InTx(ctx, func(ctx context.Context) error {
			some, err := s.Query(ctx, query+after+" ORDER BY id LIMIT ?"+s.db.Dialect().ForUpdate(), append(args[:len(args):len(args)], step)...)
			if err != nil {
				return err
			}
			for _, e := range some {
				if !change(e) {
					continue
				}
				if _, err := sqlstore.Exec(ctx, s.db, "UPDATE tenancy_event SET fields = ? WHERE id = ?", e.Fields, e.ID); err != nil {
					return fmt.Errorf("amend entry %s: %w", e.ID, err)
				}
				n++
			}
			if rows = len(some); rows > 0 {
				after, args = " AND id > ?", append(args[:2:2], some[rows-1].ID)
			}
			return nil
		})
		if total += n; err != nil || rows < step {
			return total, err
		}
	}
}

// Prune removes entries older than a time, a few thousand per transaction so
// that writers in between do not wait.
func (s events) Prune(ctx context.Context, before time.Time) (int, error) {
	const step = 5000
	for total := 0; ; {
		n, err := sqlstore.Exec(ctx, s.db, "DELETE FROM tenancy_event WHERE id IN (SELECT id FROM tenancy_event WHERE created < ? ORDER BY created LIMIT ?)", before.UTC(), step)
		total += n
		if err != nil || n < step {
			return total, err
		}
	}
}
