package moving

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy"
)

// ExportFields are the columns of an export unless others are asked for
// (spec: tenancy §10).
func ExportFields() []string {
	return []string{"id", "username", "email", "password", "first_name", "last_name", "is_staff", "is_active", "date_joined",
		"expiration_date", "phone_number", "birth_date", "location", "notes", "language", "organizations"}
}

// exported is a user with what belongs to it.
type exported struct {
	*tenancy.User
	grants tenancy.Grants
	token  *tenancy.Token
}

// exportColumns are every column there is.
func exportColumns() map[string]func(*exported) string {
	return map[string]func(*exported) string{
		"id":               func(u *exported) string { return u.ID.String() },
		"username":         func(u *exported) string { return u.Username },
		"email":            func(u *exported) string { return u.Email },
		"password":         func(u *exported) string { return u.Password.Reveal() },
		"first_name":       func(u *exported) string { return u.FirstName },
		"last_name":        func(u *exported) string { return u.LastName },
		"is_superuser":     func(u *exported) string { return boolean(u.IsSuperuser) },
		"is_staff":         func(u *exported) string { return boolean(u.IsStaff) },
		"is_active":        func(u *exported) string { return boolean(u.IsActive) },
		"bio":              func(u *exported) string { return u.Bio },
		"url":              func(u *exported) string { return u.URL },
		"company":          func(u *exported) string { return u.Company },
		"location":         func(u *exported) string { return u.Location },
		"phone_number":     func(u *exported) string { return u.PhoneNumber },
		"birth_date":       func(u *exported) string { return date(u.BirthDate) },
		"notes":            func(u *exported) string { return u.Notes },
		"language":         func(u *exported) string { return u.Language },
		"password_updated": func(u *exported) string { return date(u.PasswordUpdated) },
		"last_login":       func(u *exported) string { return moment(u.LastLogin) },
		"expiration_date":  func(u *exported) string { return date(u.ExpirationDate) },
		"date_joined":      func(u *exported) string { return moment(u.DateJoined) },
		"organizations": func(u *exported) string {
			lines := make([]string, len(u.grants.Organizations))
			for i, r := range u.grants.Organizations {
				lines[i] = "(" + r.OrganizationID.String() + "," + boolean(r.IsAdmin) + ")"
			}
			return strings.Join(lines, "\n")
		},
		"auth_token.key": func(u *exported) string {
			if u.token == nil {
				return ""
			}
			return u.token.Key.Reveal()
		},
		"auth_token.created": func(u *exported) string {
			if u.token == nil {
				return ""
			}
			return moment(u.token.Created)
		},
	}
}

// CheckExportFields returns an error that names the first unknown column.
func CheckExportFields(fields []string) error {
	known := exportColumns()
	for _, f := range fields {
		if known[f] == nil {
			names := make([]string, 0, len(known))
			for name := range known {
				names = append(names, name)
			}
			slices.Sort(names)
			return wispwright.Invalid(f, "there is no such column; there are "+strings.Join(names, ", ")+".")
		}
	}
	return nil
}

// ExportUsers writes a CSV file of all users, the oldest first, with a row of
// names at its head, and returns how many users it has. It is written a page at
// a time, whatever the number of users. The file holds password hashes: keep it
// as a secret.
func ExportUsers(ctx context.Context, w io.Writer, t *tenancy.Tenancy, fields []string) (int, error) {
	if err := CheckExportFields(fields); err != nil {
		return 0, fmt.Errorf("export users: %w", err)
	}
	out := csv.NewWriter(w)
	if err := out.Write(fields); err != nil {
		return 0, fmt.Errorf("export users: %w", err)
	}
	columns, record := exportColumns(), make([]string, len(fields))
	tokens := slices.ContainsFunc(fields, func(f string) bool { return strings.HasPrefix(f, "auth_token.") })
	for n := 0; ; {
		page, err := exportPage(ctx, t, n, tokens)
		if err != nil {
			return n, fmt.Errorf("export users: %w", err)
		}
		for _, u := range page {
			for i, f := range fields {
				record[i] = harmless(columns[f](u))
			}
			if err := out.Write(record); err != nil {
				return n, fmt.Errorf("export users: %w", err)
			}
		}
		n += len(page)
		if len(page) < pageSize {
			out.Flush()
			if err := out.Error(); err != nil {
				return n, fmt.Errorf("export users: %w", err)
			}
			return n, nil
		}
	}
}

// harmless puts an apostrophe before what a spreadsheet would take for a formula,
// but for numbers, such as those of telephones.
func harmless(cell string) string {
	if cell == "" || !strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return cell
	}
	if number := strings.Trim(cell[1:], "0123456789 .,()"); cell[0] != '=' && cell[0] != '@' && number == "" {
		return cell
	}
	return "'" + cell
}

func exportPage(ctx context.Context, t *tenancy.Tenancy, offset int, tokens bool) ([]*exported, error) {
	users, err := t.Users.List(ctx, wispwright.ScopeAll(), tenancy.UserFilter{}, wispwright.Page{
		Offset: offset, Limit: pageSize, NoTotal: true, Order: []wispwright.Order{{Field: "DateJoined"}},
	})
	if err != nil {
		return nil, err
	}
	ids := make([]wispwright.ID, len(users.Rows))
	for i, u := range users.Rows {
		ids[i] = u.ID
	}
	grants, err := t.Users.Grants(ctx, ids...)
	if err != nil {
		return nil, err
	}
	page := make([]*exported, len(users.Rows))
	for i, u := range users.Rows {
		page[i] = &exported{User: u, grants: grants[u.ID]}
		if !tokens {
			continue
		}
		if page[i].token, err = t.Tokens.Get(ctx, u.ID); err != nil && !errors.Is(err, wispwright.ErrNotFound) {
			return nil, err
		}
	}
	return page, nil
}

// boolean, date and moment write values as the command export_users does.
func boolean(b bool) string {
	if b {
		return "True"
	}
	return "False"
}

func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

func moment(t time.Time) string {
	switch {
	case t.IsZero():
		return ""
	case t.Nanosecond() == 0:
		return t.UTC().Format("2006-01-02 15:04:05-07:00")
	}
	return t.UTC().Format("2006-01-02 15:04:05.000000-07:00")
}
