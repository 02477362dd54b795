package moving

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/password"
)

func (i *importer) importGroups(ctx context.Context) error {
	if !i.optional("auth_group") {
		return nil
	}
	permissions, err := i.permissions(ctx, "auth_group_permissions", "group_id")
	if err != nil {
		return err
	}
	return i.table(ctx, "auth_group", "id", nil, func(ctx context.Context, r *Row) (string, error) {
		there := r.Number("id")
		g := &tenancy.Group{ID: there, Name: r.Text("name"), Permissions: i.known(permissions[r.Text("id")])}
		if err := r.Err(); err != nil {
			return "", err
		}
		action, err := i.Tenancy.Groups.Restore(ctx, g)
		if err != nil {
			return "", err
		}
		if i.groups[there] = g.ID; g.ID != there {
			i.report.notice("the group %q has the number %d here, %d there", g.Name, g.ID, there)
		}
		return action, nil
	})
}

// grants are groups and own permissions of users.
type grants struct {
	groups      map[string][]int64
	permissions map[string][]wispwright.Permission
}

func (i *importer) readGrants(ctx context.Context) (g grants, err error) {
	if g.permissions, err = i.permissions(ctx, "openwisp_users_user_user_permissions", "user_id"); err != nil {
		return g, err
	}
	const table = "openwisp_users_user_groups"
	if !i.optional(table) {
		return g, nil
	}
	rows, err := i.source.all(ctx, table, "SELECT user_id, group_id FROM "+table)
	if err != nil {
		return g, err
	}
	g.groups = map[string][]int64{}
	for _, r := range rows {
		if n, ok := i.groups[r.Number("group_id")]; ok { // a group with a fault was told already
			k := plainKey(r.Text("user_id"))
			g.groups[k] = append(g.groups[k], n)
		}
	}
	return g, nil
}

func (i *importer) importUsers(ctx context.Context) error {
	wanted, err := i.readGrants(ctx)
	if err != nil {
		return err
	}
	const table = "openwisp_users_user"
	count := i.report.table(table)
	all, err := i.source.count(ctx, table)
	if err != nil {
		return err
	}
	return i.source.pages(ctx, table, "id", func(rows []*Row) error {
		return i.page(ctx, count, all, func(ctx context.Context) error {
			var ids []wispwright.ID
			for _, r := range rows {
				ids = append(ids, r.ID("id"))
			}
			have, err := i.Tenancy.Users.Grants(ctx, ids...)
			if err != nil {
				return err
			}
			for _, r := range rows {
				if err := i.row(ctx, count, r, nil, func(ctx context.Context, r *Row) (string, error) {
					return i.importUser(ctx, r, have, wanted)
				}); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

func (i *importer) importUser(ctx context.Context, r *Row, have map[wispwright.ID]tenancy.Grants, wanted grants) (string, error) {
	u := &tenancy.User{
		ID: r.Required("id"), Username: r.Text("username"), Password: wispwright.Secret(r.Text("password")), Email: r.Text("email"),
		FirstName: r.Text("first_name"), LastName: r.Text("last_name"),
		IsSuperuser: r.Flag("is_superuser"), IsStaff: r.Flag("is_staff"), IsActive: r.Flag("is_active"),
		Bio: r.Text("bio"), URL: r.Text("url"), Company: r.Text("company"), Location: r.Text("location"),
		PhoneNumber: r.Text("phone_number"), BirthDate: r.Instant("birth_date"), Notes: r.Text("notes"), Language: r.Text("language"),
		PasswordUpdated: r.Instant("password_updated"), LastLogin: r.Instant("last_login"), DateJoined: r.Instant("date_joined"),
	}
	if err := r.Err(); err != nil {
		return "", err
	}
	if err := i.claim(u); err != nil {
		return "", err
	}
	action, err := i.Tenancy.Users.Restore(ctx, u)
	if err != nil {
		return "", err
	}
	key := plainKey(r.Text("id"))
	groups := slices.Clone(wanted.groups[key])
	slices.Sort(groups)
	if groups = slices.Compact(groups); !slices.Equal(groups, have[u.ID].Groups) {
		if err := i.Tenancy.Users.SetGroups(ctx, wispwright.ScopeAll(), u.ID, groups); err != nil {
			return "", err
		}
		action = changed(action)
	}
	if permissions := i.known(wanted.permissions[key]); !slices.Equal(permissions, have[u.ID].Permissions) {
		if err := i.Tenancy.Users.SetPermissions(ctx, wispwright.ScopeAll(), u.ID, permissions); err != nil {
			return "", err
		}
		action = changed(action)
	}
	if u.Email != "" && !i.source.has(emailTable) {
		// nobody has shown to own it
		if _, err := i.Tenancy.Emails.Restore(ctx, &tenancy.Email{UserID: u.ID, Address: u.Email, IsPrimary: true}); err != nil {
			return "", err
		}
	}
	i.tellPassword(u)
	return action, nil
}

func changed(action string) string {
	if action == "" {
		return "change"
	}
	return action
}

// claim refuses an e-mail address that another user has in other letters, which
// OpenWISP's database allows and log-in by address does not.
func (i *importer) claim(u *tenancy.User) error {
	if u.Email == "" {
		return nil
	}
	key := strings.ToLower(u.Email)
	if other, taken := i.addresses[key]; taken && other.username != u.Username {
		return wispwright.Invalid("email", fmt.Sprintf("%s is also the address of %s, as %s: the two differ in letter case only.", u.Email, other.username, other.email))
	}
	i.addresses[key] = address{u.Username, u.Email}
	return nil
}

func (i *importer) tellPassword(u *tenancy.User) {
	hash := u.Password.Reveal()
	method, _, found := strings.Cut(hash, "$")
	switch {
	case !password.Usable(hash):
	case !password.Recognised(hash):
		i.report.notice("the password of %s is kept in an unknown form: it must be set anew", u.Username)
	case method == "md5" || method == "sha1" || method == "crypt" || !found:
		i.report.notice("the hash of the password of %s is of an old kind: it is accepted while tenancy.legacy_passwords is on, and made anew at the next log-in", u.Username)
	}
}

// emailTable keeps the addresses of users, where it exists.
const emailTable = "account_emailaddress"

func (i *importer) importEmails(ctx context.Context) error {
	if !i.optional(emailTable) {
		return nil
	}
	return i.table(ctx, emailTable, "id", []string{"user_id"}, func(ctx context.Context, r *Row) (string, error) {
		e := &tenancy.Email{UserID: r.ID("user_id"), Address: r.Text("email"), IsVerified: r.Flag("verified"), IsPrimary: r.Flag("primary")}
		if err := r.Err(); err != nil {
			return "", err
		}
		key := e.UserID.String() + " " + strings.ToLower(e.Address)
		if other, seen := i.seen[key]; seen && other != r.Text("id") {
			return "", wispwright.Invalid("email", e.Address+" differs from another address of the user in letter case only.")
		}
		i.seen[key] = r.Text("id")
		return i.Tenancy.Emails.Restore(ctx, e)
	})
}

func (i *importer) importTokens(ctx context.Context) error {
	const table = "authtoken_token"
	if !i.optional(table) {
		return nil
	}
	return i.table(ctx, table, "key", []string{"user_id"}, func(ctx context.Context, r *Row) (string, error) {
		t := &tenancy.Token{UserID: r.ID("user_id"), Key: wispwright.Secret(r.Text("key")), Created: r.Instant("created")}
		if err := r.Err(); err != nil {
			return "", err
		}
		return i.Tenancy.Tokens.Restore(ctx, t)
	})
}
