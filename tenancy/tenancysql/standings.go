package tenancysql

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/tenancy"
)

// standings reads everything a caller is made of with one query: a round trip
// to the database costs more than all the rows.
type standings struct {
	byUser, byToken *sqlstore.Stmt
}

var _ tenancy.StandingStore = (*standings)(nil)

// standingParts is how many parts of the query ask for the user.
const standingParts = 6

func newStandings(b *sqlstore.Builder) *standings {
	d := b.DB().Dialect()
	return &standings{byUser: b.Prepare(standingQuery(d, "?")),
		byToken: b.Prepare(standingQuery(d, "(SELECT user_id FROM tenancy_token WHERE digest = ?)"))}
}

// standingQuery has a row for the account ('u'), for each active organization
// ('o'), each permission of one's own ('p'), the permissions of each group ('g')
// a confirmed second factor and a passkey ('f').
func standingQuery(d sqlstore.Dialect, who string) string {
	return "SELECT 'u' AS kind, " + d.Text("id") + " AS a, username AS b, " + d.Text("password_updated") + " AS c, is_superuser AS x, is_staff AS y, is_active AS z, " +
		"(password <> '' AND password NOT LIKE '!%') AS w FROM tenancy_user WHERE id = " + who +
		" UNION ALL SELECT 'o', " + d.Text("m.organization_id") + ", '', '', m.is_admin, (w.id IS NOT NULL), FALSE, FALSE FROM tenancy_membership m" +
		" JOIN tenancy_organization o ON o.id = m.organization_id AND o.is_active LEFT JOIN tenancy_owner w ON w.membership_id = m.id WHERE m.user_id = " + who +
		" UNION ALL SELECT 'p', '', permission, '', FALSE, FALSE, FALSE, FALSE FROM tenancy_user_permission WHERE user_id = " + who +
		" UNION ALL SELECT 'g', '', " + d.Text("g.permissions") + ", '', FALSE, FALSE, FALSE, FALSE FROM tenancy_user_group ug" +
		" JOIN tenancy_group g ON g.id = ug.group_id WHERE ug.user_id = " + who +
		" UNION ALL SELECT 'f', '', '', '', FALSE, FALSE, FALSE, FALSE FROM tenancy_second_factor WHERE confirmed IS NOT NULL AND user_id = " + who +
		" UNION ALL SELECT 'f', '', '', '', FALSE, FALSE, FALSE, FALSE WHERE EXISTS (SELECT 1 FROM tenancy_passkey WHERE user_id = " + who + ")"
}

// ByUser returns the standing of a user.
func (s *standings) ByUser(ctx context.Context, user wispwright.ID) (*tenancy.Standing, error) {
	return readStanding(ctx, s.byUser, user)
}

// ByToken returns the standing of whose bearer token has the digest.
func (s *standings) ByToken(ctx context.Context, digest string) (*tenancy.Standing, error) {
	return readStanding(ctx, s.byToken, digest)
}

func readStanding(ctx context.Context, stmt *sqlstore.Stmt, who any) (out *tenancy.Standing, err error) {
	args := make([]any, standingParts)
	for i := range args {
		args[i] = who
	}
	rows, err := stmt.Query(ctx, args...)
	if err != nil {
		return nil, fmt.Errorf("read a standing: %w", err)
	}
	defer func() {
		if cerr := rows.Close(); err == nil && cerr != nil {
			err = fmt.Errorf("read a standing: %w", cerr)
		}
	}()
	out = &tenancy.Standing{}
	found := false
	for rows.Next() {
		var kind string
		var a, b, c *string
		var x, y, z, w bool
		if err := rows.Scan(&kind, &a, &b, &c, &x, &y, &z, &w); err != nil {
			return nil, fmt.Errorf("read a standing: %w", err)
		}
		found = found || kind == "u"
		if err := addStanding(out, kind, text(a), text(b), text(c), [4]bool{x, y, z, w}); err != nil {
			return nil, fmt.Errorf("read a standing: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read a standing: %w", err)
	}
	if !found {
		return nil, wispwright.ErrNotFound
	}
	for _, list := range [][]wispwright.ID{out.Member, out.Managed, out.Owned} {
		slices.SortFunc(list, func(a, b wispwright.ID) int { return slices.Compare(a[:], b[:]) })
	}
	slices.Sort(out.Permissions)
	out.Permissions = slices.Compact(out.Permissions)
	return out, nil
}

// text is what a column holds, "" for NULL.
func text(s *string) string { return *cmp.Or(s, new(string)) }

// addStanding adds what a row says.
func addStanding(out *tenancy.Standing, kind, a, b, c string, flags [4]bool) error {
	switch kind {
	case "u":
		id, err := wispwright.ParseID(a)
		if err != nil {
			return err
		}
		out.UserID, out.Username = id, b
		out.IsSuperuser, out.IsStaff, out.IsActive, out.HasPassword = flags[0], flags[1], flags[2], flags[3]
		if len(c) >= len(time.DateOnly) {
			if out.PasswordUpdated, err = time.Parse(time.DateOnly, c[:len(time.DateOnly)]); err != nil {
				return err
			}
		}
	case "o":
		id, err := wispwright.ParseID(a)
		if err != nil {
			return err
		}
		out.Member = append(out.Member, id)
		if flags[0] {
			out.Managed = append(out.Managed, id)
		}
		if flags[1] {
			out.Owned = append(out.Owned, id)
		}
	case "p":
		out.Permissions = append(out.Permissions, wispwright.Permission(b))
	case "g":
		var permissions []wispwright.Permission
		if b != "" {
			if err := json.Unmarshal([]byte(b), &permissions); err != nil {
				return err
			}
		}
		out.Permissions = append(out.Permissions, permissions...)
	case "f":
		out.HasSecondFactor = true
	}
	return nil
}
