package tenancysql

import (
	"context"
	"embed"
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
	organizations, err := newOrganizations(db)
	if err != nil {
		return tenancy.Stores{}, err
	}
	u, err := newUsers(db)
	if err != nil {
		return tenancy.Stores{}, err
	}
	emails, err := newEmails(db)
	if err != nil {
		return tenancy.Stores{}, err
	}
	memberships, err := newMemberships(db)
	if err != nil {
		return tenancy.Stores{}, err
	}
	owners, err := newOwners(db)
	if err != nil {
		return tenancy.Stores{}, err
	}
	groups, err := newGroups(db)
	if err != nil {
		return tenancy.Stores{}, err
	}
	tokens, err := newTokens(db)
	if err != nil {
		return tenancy.Stores{}, err
	}
	apiTokens, err := newAPITokens(db)
	if err != nil {
		return tenancy.Stores{}, err
	}
	factors, err := newSecondFactors(db)
	if err != nil {
		return tenancy.Stores{}, err
	}
	passkeys, err := newPasskeys(db)
	if err != nil {
		return tenancy.Stores{}, err
	}
	callers, err := newStandings(db)
	if err != nil {
		return tenancy.Stores{}, err
	}
	trail, err := newEvents(db)
	if err != nil {
		return tenancy.Stores{}, err
	}
	return tenancy.Stores{
		Organizations: organizations, Users: u, Emails: emails, Grants: grants{db}, Memberships: memberships, Owners: owners, Groups: groups, Tokens: tokens,
		APITokens: apiTokens, SecondFactors: factors, Passkeys: passkeys, Standings: callers, Events: trail,
	}, nil
}

type organizations struct {
	*sqlstore.Repo[wispwright.ID, tenancy.Organization, tenancy.OrganizationFilter]
	db *sqlstore.DB
}

func newOrganizations(db *sqlstore.DB) (tenancy.OrganizationStore, error) {
	repo, err := sqlstore.NewRepo[wispwright.ID, tenancy.Organization, tenancy.OrganizationFilter](db, sqlstore.Spec{Shape: store.Shape{
		Table: OrganizationTable, Org: "ID", Order: newest("Created"), Search: []string{"Name", "Slug", "Description"},
	}})
	return organizations{repo, db}, err
}

// Hold locks the row against its deletion, not against changes.
func (s organizations) Hold(ctx context.Context, id wispwright.ID) error {
	n, err := s.db.ForKeyShare(ctx, OrganizationTable, id)
	if err == nil && n == 0 {
		return wispwright.ErrNotFound
	}
	return err
}

func newEmails(db *sqlstore.DB) (tenancy.EmailStore, error) {
	return sqlstore.NewRepo[int64, tenancy.Email, tenancy.EmailFilter](db, sqlstore.Spec{Shape: store.Shape{Table: "tenancy_email", Serial: true}})
}

func newMemberships(db *sqlstore.DB) (tenancy.MembershipStore, error) {
	return sqlstore.NewRepo[wispwright.ID, tenancy.Membership, tenancy.MembershipFilter](db, sqlstore.Spec{Shape: store.Shape{Table: "tenancy_membership", Org: "OrganizationID", Order: []wispwright.Order{{Field: "Created"}}}})
}

func newOwners(db *sqlstore.DB) (tenancy.OwnerStore, error) {
	return sqlstore.NewRepo[wispwright.ID, tenancy.Owner, tenancy.OwnerFilter](db, sqlstore.Spec{Shape: store.Shape{Table: "tenancy_owner", Org: "OrganizationID", Order: []wispwright.Order{{Field: "Created"}}}})
}

func newGroups(db *sqlstore.DB) (tenancy.GroupStore, error) {
	return sqlstore.NewRepo[int64, tenancy.Group, tenancy.GroupFilter](db, sqlstore.Spec{Shape: store.Shape{Table: "tenancy_group", Serial: true, Order: []wispwright.Order{{Field: "Name"}}}})
}

func newTokens(db *sqlstore.DB) (tenancy.TokenStore, error) {
	return sqlstore.NewRepo[wispwright.ID, tenancy.Token, tenancy.TokenFilter](db, sqlstore.Spec{Shape: store.Shape{Table: "tenancy_token", Key: "UserID"}})
}

func newAPITokens(db *sqlstore.DB) (tenancy.APITokenStore, error) {
	return sqlstore.NewRepo[wispwright.ID, tenancy.APIToken, tenancy.APITokenFilter](db, sqlstore.Spec{Shape: store.Shape{Table: "tenancy_api_token", Order: newest("Created")}})
}

func newSecondFactors(db *sqlstore.DB) (tenancy.SecondFactorStore, error) {
	return sqlstore.NewRepo[wispwright.ID, tenancy.SecondFactor, tenancy.SecondFactorFilter](db, sqlstore.Spec{Shape: store.Shape{Table: "tenancy_second_factor", Key: "UserID"}})
}

func newPasskeys(db *sqlstore.DB) (tenancy.PasskeyStore, error) {
	return sqlstore.NewRepo[wispwright.ID, tenancy.Passkey, tenancy.PasskeyFilter](db, sqlstore.Spec{Shape: store.Shape{Table: "tenancy_passkey", Order: newest("Created")}})
}

func newest(field string) []wispwright.Order {
	return []wispwright.Order{{Field: field, Descending: true}}
}

type users struct {
	*sqlstore.Repo[wispwright.ID, tenancy.User, tenancy.UserFilter]
}

var _ tenancy.UserStore = (*users)(nil)

func newUsers(db *sqlstore.DB) (*users, error) {
	repo, err := sqlstore.NewRepo[wispwright.ID, tenancy.User, tenancy.UserFilter](db, sqlstore.Spec{Shape: store.Shape{Table: "tenancy_user", Order: newest("DateJoined"), Search: []string{"Username", "Email", "FirstName", "LastName", "PhoneNumber"}},
		ScopeWhere: func(scope wispwright.Scope) sqlstore.Cond {
			c := sqlstore.ScopeCond("m.organization_id", scope)
			c.SQL = "NOT is_superuser AND EXISTS (SELECT 1 FROM tenancy_membership m WHERE m.user_id = tenancy_user.id AND " + c.SQL + ")"
			return c
		},
		Where: map[string]func(any) sqlstore.Cond{
			"Email": func(v any) sqlstore.Cond {
				return sqlstore.Cond{SQL: "lower(email) = lower(?) AND email <> ''", Args: []any{v}}
			},
			"OrganizationID": func(v any) sqlstore.Cond {
				return sqlstore.Cond{SQL: "id IN (SELECT user_id FROM tenancy_membership WHERE organization_id = ?)", Args: []any{v}}
			},
			"GroupID": func(v any) sqlstore.Cond {
				return sqlstore.Cond{SQL: "id IN (SELECT user_id FROM tenancy_user_group WHERE group_id = ?)", Args: []any{v}}
			},
		},
	})
	if err != nil {
		return nil, err
	}
	return &users{repo}, nil
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

func newEvents(db *sqlstore.DB) (tenancy.EventStore, error) {
	repo, err := sqlstore.NewRepo[wispwright.ID, tenancy.Event, tenancy.EventFilter](db, sqlstore.Spec{Shape: store.Shape{Table: "tenancy_event", Org: "OrganizationID", Order: newest("Created")}})
	if err != nil {
		return nil, err
	}
	return events{repo, db}, nil
}

// Append stores one entry with a prepared statement, several with one INSERT.
func (s events) Append(ctx context.Context, entries ...*tenancy.Event) error {
	if len(entries) == 1 {
		return s.Insert(ctx, entries[0])
	}
	return s.InsertMany(ctx, entries)
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
