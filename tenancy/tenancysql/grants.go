package tenancysql

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/tenancy"
)

// grants keeps groups and permissions of users.
type grants struct{ db *sqlstore.DB }

var _ tenancy.GrantStore = grants{}

// grantRow is one group, permission or membership of a user.
type grantRow struct {
	UserID wispwright.ID `db:"user_id"`
	Kind   string        `db:"kind"`
	Value  string        `db:"value"`
	Place  string        `db:"place"`
	Admin  bool          `db:"admin"`
}

// Of reads three tables with one query: a page of users costs one round trip
// more, however many users it has.
func (s grants) Of(ctx context.Context, users ...wispwright.ID) (map[wispwright.ID]tenancy.Grants, error) {
	marks, args := sqlstore.In(users)
	text := s.db.Dialect().Text
	rows, err := sqlstore.Select[grantRow](ctx, s.db,
		"SELECT user_id, 'g' AS kind, "+text("group_id")+" AS value, '' AS place, FALSE AS admin FROM tenancy_user_group WHERE user_id IN ("+marks+")"+
			" UNION ALL SELECT user_id, 'p', permission, '', FALSE FROM tenancy_user_permission WHERE user_id IN ("+marks+")"+
			" UNION ALL SELECT user_id, 'm', "+text("organization_id")+", "+text("created")+", is_admin FROM tenancy_membership WHERE user_id IN ("+marks+")",
		slices.Concat(args, args, args)...)
	if err != nil {
		return nil, fmt.Errorf("read grants of users: %w", err)
	}
	slices.SortFunc(rows, func(a, b grantRow) int { return cmp.Or(cmp.Compare(a.Place, b.Place), cmp.Compare(a.Value, b.Value)) })
	out := make(map[wispwright.ID]tenancy.Grants, len(users))
	for _, row := range rows {
		g := out[row.UserID]
		switch row.Kind {
		case "g":
			n, err := strconv.ParseInt(row.Value, 10, 64)
			if err != nil {
				return nil, fmt.Errorf("read groups of user: %w", err)
			}
			g.Groups = append(g.Groups, n)
		case "p":
			g.Permissions = append(g.Permissions, wispwright.Permission(row.Value))
		case "m":
			o, err := wispwright.ParseID(row.Value)
			if err != nil {
				return nil, fmt.Errorf("read memberships of user: %w", err)
			}
			g.Organizations = append(g.Organizations, tenancy.Role{OrganizationID: o, IsAdmin: row.Admin})
		}
		out[row.UserID] = g
	}
	for id, g := range out {
		// numbers come sorted as texts
		slices.Sort(g.Groups)
		out[id] = g
	}
	return out, nil
}

// SetGroups replaces the groups of a user.
func (s grants) SetGroups(ctx context.Context, user wispwright.ID, groups []int64) error {
	return replace(ctx, s.db, "tenancy_user_group", "group_id", user, groups)
}

// SetPermissions replaces the permissions a user has directly.
func (s grants) SetPermissions(ctx context.Context, user wispwright.ID, permissions []wispwright.Permission) error {
	return replace(ctx, s.db, "tenancy_user_permission", "permission", user, permissions)
}

// replace stores what belongs to a user in place of what did.
func replace[V cmp.Ordered](ctx context.Context, db *sqlstore.DB, table, column string, user wispwright.ID, values []V) error {
	values = slices.Clone(values)
	slices.Sort(values)
	return db.InTx(ctx, func(ctx context.Context) error {
		if _, err := sqlstore.Exec(ctx, db, "DELETE FROM "+table+" WHERE user_id = ?", user); err != nil {
			return fmt.Errorf("clear %s: %w", table, err)
		}
		for _, v := range slices.Compact(values) {
			if _, err := sqlstore.Exec(ctx, db, "INSERT INTO "+table+" (user_id, "+column+") VALUES (?, ?)", user, v); err != nil {
				return fmt.Errorf("write %s: %w", table, err)
			}
		}
		return nil
	})
}
