package moving_test

import (
	"bytes"
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server/moving"
	"github.com/wispwright/wispwright/tenancy"
)

// password is that of every account with a usable hash.
const password = "Correct-horse-7"

func all() wispwright.Scope { return wispwright.ScopeAll() }

func id(t *testing.T, n string) wispwright.ID {
	t.Helper()
	out, err := wispwright.ParseID("6f1c2a00-7b3e-4d5a-9c10-000000000000"[:36-len(n)] + n)
	require.NoError(t, err)
	return out
}

// from each kind of database into each kind
func eachPair(t *testing.T, change func(rows), test func(t *testing.T, o *old, db *sqlstore.DB)) {
	eachOld(t, change, func(t *testing.T, o *old) {
		testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) { test(t, o, db) })
	})
}

func TestImportKeepsEverything(t *testing.T) {
	eachPair(t, nil, func(t *testing.T, o *old, db *sqlstore.DB) {
		ctx := t.Context()
		s, target := installation(t, db)
		ten := s.Tenancy()

		report, err := moving.ImportUsers(ctx, o.address, target, &moving.Options{DryRun: true})
		require.NoError(t, err)
		require.Equal(t, moving.Count{Read: 11, Added: 11}, countOf(report, "openwisp_users_user"))
		empty, err := ten.Users.List(ctx, all(), tenancy.UserFilter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Zero(t, empty.Total, "a dry run stores nothing")

		report, err = moving.ImportUsers(ctx, o.address, target, nil)
		require.NoError(t, err)
		require.Empty(t, report.Faults)
		require.Equal(t, moving.Count{Read: 3, Added: 3}, countOf(report, "openwisp_users_organization"))
		require.Equal(t, moving.Count{Read: 2, Changed: 2}, countOf(report, "config_organizationconfigsettings"))
		require.Equal(t, moving.Count{Read: 3, Changed: 2, Same: 1}, countOf(report, "config_organizationlimits"))
		require.Equal(t, moving.Count{Read: 2, Added: 2}, countOf(report, "openwisp_users_organizationowner"))
		require.Equal(t, []string{
			"the hash of the password of old_md5 is of an old kind: it is accepted while tenancy.legacy_passwords is on, and made anew at the next log-in",
			"the password of strange is kept in an unknown form: it must be set anew",
			"the hash of the password of old_sha1 is of an old kind: it is accepted while tenancy.legacy_passwords is on, and made anew at the next log-in",
			`the site there is "Example WISP" at "wisp.example.org": see tenancy.site_name and tenancy.site_url`,
			"the permission monitoring.view_chart does not exist here: left out of 2 groups and users",
		}, report.Notices)

		ada, err := ten.Users.Get(ctx, all(), id(t, "1"))
		require.NoError(t, err)
		hash := ada.Password.Reveal()
		require.True(t, strings.HasPrefix(hash, "pbkdf2_sha256$1000$"))
		ada.Password = ""
		require.Equal(t, &tenancy.User{
			ID: id(t, "1"), Username: "admin", Email: "Admin@Example.org", FirstName: "Ada", LastName: "Ménard", IsSuperuser: true, IsStaff: true, IsActive: true,
			Bio: "first", URL: "https://example.org/ada", Company: "ACME", Location: "Torino", PhoneNumber: "+393661236789",
			BirthDate: time.Date(1979, 12, 31, 0, 0, 0, 0, time.UTC), Notes: "keeps \"the\" keys,\nreally", Language: "it",
			PasswordUpdated: time.Date(2026, 9, 30, 0, 0, 0, 0, time.UTC), LastLogin: time.Date(2026, 10, 1, 6, 0, 0, 0, time.UTC),
			DateJoined: time.Date(2021, 3, 2, 8, 15, 30, 123456000, time.UTC),
		}, ada)
		again, err := moving.ImportUsers(ctx, o.address, target, nil)
		require.NoError(t, err)
		requireNothingDone(t, again)
		// log-in may hash a password anew, so it comes after
		testPeople(t, ten)
		testPlaces(t, ten, target)
		testGroups(t, ten)
		require.NoError(t, ten.Groups.EnsureDefaults(wispwright.WithCaller(ctx, wispwright.System("test"))))
	})
}

func requireNothingDone(t *testing.T, r *moving.Report) {
	t.Helper()
	for _, c := range r.Tables {
		require.Equal(t, moving.Count{Table: c.Table, Read: c.Read, Same: c.Read}, *c)
	}
}

// people log in as they did, or do not
func testPeople(t *testing.T, ten *tenancy.Tenancy) {
	t.Helper()
	for identifier, want := range map[string]string{
		"admin": "admin", "Admin@Example.org": "admin", "+39 366 123 6789": "admin", "operator": "operator", "manager.north": "manager.north",
		"+393331112223": "+393331112223", "bcrypt@example.org": "bcrypt@example.org",
		"old_md5": "old_md5", "old_sha1": "old_sha1", "gone": "", "nobody": "", "Пётр": "", "strange": "",
	} {
		u, err := ten.Login.Authenticate(t.Context(), identifier, password)
		require.NoError(t, err, identifier)
		if want == "" {
			require.Nil(t, u, identifier)
			continue
		}
		require.NotNil(t, u, identifier)
		require.Equal(t, want, u.Username)
	}
	caller, err := ten.Callers.ByToken(t.Context(), "0123456789abcdef0123456789abcdef01234567")
	require.NoError(t, err)
	require.Equal(t, "admin", caller.Name)
	_, err = ten.Callers.ByToken(t.Context(), "fedcba9876543210fedcba9876543210fedcba98")
	require.ErrorIs(t, err, tenancy.ErrInactive)
	emails, err := ten.Emails.List(t.Context(), all(), tenancy.EmailFilter{Address: "ada@example.org"}, wispwright.Page{})
	require.NoError(t, err)
	require.Len(t, emails.Rows, 2)
	for _, e := range emails.Rows {
		require.Equal(t, e.UserID == id(t, "3"), e.IsVerified)
	}
}

func testPlaces(t *testing.T, ten *tenancy.Tenancy, target moving.Target) {
	t.Helper()
	north, err := ten.Organizations.BySlug(t.Context(), all(), "north")
	require.NoError(t, err)
	require.Equal(t, &tenancy.Organization{
		ID: id(t, "102"), Name: "North", Slug: "north", IsActive: true, Description: "the north", Email: "info@north.example.org", URL: "https://north.example.org/",
		Created: time.Date(2020, 1, 2, 0, 0, 0, 0, time.UTC), Modified: time.Date(2024, 5, 5, 5, 5, 5, 500000000, time.UTC),
	}, north)
	settings, err := target.Settings.Get(t.Context(), all(), north.ID)
	require.NoError(t, err)
	require.Equal(t, "north-secret", settings.SharedSecret.Reveal())
	require.False(t, settings.RegistrationEnabled)
	require.JSONEq(t, `{"ssid": "north", "vlan": 7}`, string(settings.Context))
	require.EqualValues(t, 25, *settings.DeviceLimit)
	// the first manager of the north does not own it
	owner, err := ten.Memberships.OwnerOf(t.Context(), north.ID)
	require.NoError(t, err)
	require.Equal(t, id(t, "204"), owner.MembershipID)
	require.Equal(t, id(t, "302"), owner.ID)
	owner, err = ten.Memberships.OwnerOf(t.Context(), id(t, "103"))
	require.NoError(t, err)
	require.Nil(t, owner, "nobody owned it there")
	m, err := ten.Memberships.Get(t.Context(), all(), id(t, "203"))
	require.NoError(t, err)
	require.False(t, m.IsAdmin)
	require.Equal(t, time.Date(2021, 4, 3, 10, 0, 0, 1000, time.UTC), m.Created)
}

func testGroups(t *testing.T, ten *tenancy.Tenancy) {
	t.Helper()
	g, err := ten.Groups.Get(t.Context(), all(), 7)
	require.NoError(t, err)
	require.Equal(t, "Field technicians", g.Name)
	g, err = ten.Groups.Get(t.Context(), all(), 1)
	require.NoError(t, err)
	require.Equal(t, []wispwright.Permission{"config.change_device", "openwisp_users.view_organization"}, g.Permissions)
	grants, err := ten.Users.Grants(t.Context(), id(t, "2"), id(t, "3"))
	require.NoError(t, err)
	require.Equal(t, []int64{2, 7}, grants[id(t, "3")].Groups)
	require.Equal(t, []wispwright.Permission{"openwisp_users.view_user"}, grants[id(t, "2")].Permissions)
	ctx := wispwright.WithCaller(t.Context(), wispwright.System("test"))
	own := &tenancy.Group{Name: "made here"}
	require.NoError(t, ten.Groups.Create(ctx, own))
	require.EqualValues(t, 8, own.ID, "numbers go on after those of the import")
	require.NoError(t, ten.Groups.Delete(ctx, all(), own.ID))
}

// What changes there between two runs changes here, and nothing else does.
func TestImportAgain(t *testing.T) {
	eachOld(t, nil, func(t *testing.T, o *old) {
		ctx := wispwright.WithCaller(t.Context(), wispwright.System("test"))
		s, target := installation(t, testkit.SQLite(t))
		require.NoError(t, s.Tenancy().Groups.EnsureDefaults(ctx))
		require.NoError(t, s.Tenancy().Users.Create(ctx, &tenancy.User{Username: "ours", Email: "ours@example.org", IsActive: true}, ""))
		_, err := moving.ImportUsers(ctx, o.address, target, nil)
		require.NoError(t, err)
		o.exec("UPDATE openwisp_users_user SET is_active = ?, email = ? WHERE username = ?", false, "new@example.org", "operator")
		o.exec("UPDATE authtoken_token SET key = ? WHERE key LIKE '0123%'", "00000000000000000000000000000000000000aa")
		o.exec("UPDATE account_emailaddress SET \"primary\" = ? WHERE id = 31", false)
		o.exec("UPDATE account_emailaddress SET \"primary\" = ? WHERE id = 32", true)
		o.exec("DELETE FROM openwisp_users_user_groups WHERE id = 3")
		o.exec("DELETE FROM openwisp_users_organizationowner")
		o.exec("UPDATE config_organizationconfigsettings SET shared_secret = 'changed' WHERE shared_secret = 'north-secret'")
		report, err := moving.ImportUsers(ctx, o.address, target, nil)
		require.NoError(t, err)
		require.Equal(t, moving.Count{Read: 11, Changed: 2, Same: 9}, countOf(report, "openwisp_users_user"))
		require.Equal(t, moving.Count{Read: 2, Changed: 1, Same: 1}, countOf(report, "authtoken_token"))
		require.Equal(t, moving.Count{Read: 5, Changed: 2, Same: 3}, countOf(report, "account_emailaddress"))
		require.Equal(t, moving.Count{Read: 2, Changed: 1, Same: 1}, countOf(report, "config_organizationconfigsettings"))
		require.Equal(t, 6, report.Changes())
		owner, err := s.Tenancy().Memberships.OwnerOf(ctx, id(t, "102"))
		require.NoError(t, err)
		require.NotNil(t, owner, "what is gone there stays here")
		_, err = s.Tenancy().Users.ByUsername(ctx, all(), "ours")
		require.NoError(t, err)
	})
}

// Devices register with the shared secret they know, where they may, and
// scripts go on with their tokens.
func TestDevicesAndScriptsAfterTheImport(t *testing.T) {
	eachOld(t, nil, func(t *testing.T, o *old) {
		s, target := installation(t, testkit.SQLite(t))
		_, err := moving.ImportUsers(t.Context(), o.address, target, nil)
		require.NoError(t, err)
		ask := func(method, path, body string, change func(*http.Request)) *httptest.ResponseRecorder {
			r := httptest.NewRequest(method, path, strings.NewReader(body))
			r.RemoteAddr = "127.0.0.1:5000"
			change(r)
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			return w
		}
		for secret, want := range map[string]int{"TopSecretOfDefaultOrganization01": http.StatusCreated, "north-secret": http.StatusForbidden, "unknown": http.StatusForbidden} {
			form := url.Values{"backend": {"netjsonconfig.OpenWrt"}, "key": {strings.Repeat("ab", 16)}, "secret": {secret}, "name": {"ap-1"}, "mac_address": {"02:00:00:00:00:01"}}
			got := ask(http.MethodPost, "/controller/register/", form.Encode(), func(r *http.Request) {
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			})
			require.Equal(t, want, got.Code, "%s: %s", secret, got.Body)
		}
		got := ask(http.MethodGet, "/api/v1/controller/device/", "", func(r *http.Request) {
			r.Header.Set("Authorization", "Bearer 0123456789abcdef0123456789abcdef01234567")
		})
		require.Equal(t, http.StatusOK, got.Code)
		require.Contains(t, got.Body.String(), `"organization":"6f1c2a00-7b3e-4d5a-9c10-000000000101"`)
	})
}

func spoil(r rows) {
	users := r["openwisp_users_user"]
	users[1]["email"] = "ADMIN@example.org"   // operator, as admin's
	users[2]["phone_number"] = "not a number" // manager.north
	users[7]["username"] = "no body"
	r["account_emailaddress"] = append(r["account_emailaddress"],
		map[string]any{"id": 40.0, "user_id": users[0]["id"], "email": "Ada@Example.org", "verified": false, "primary": false},
		map[string]any{"id": 41.0, "user_id": users[8]["id"], "email": "ADMIN@EXAMPLE.ORG", "verified": true, "primary": true})
	r["config_organizationconfigsettings"][1]["shared_secret"] = "has a space"
	r["openwisp_users_organizationowner"][0]["organization_user_id"] = users[3]["id"]
	r["openwisp_users_organization"][2]["name"] = ""
}

func TestImportOfFaultyRows(t *testing.T) {
	eachPair(t, spoil, func(t *testing.T, o *old, db *sqlstore.DB) {
		s, target := installation(t, db)
		for _, dry := range []bool{true, false} {
			report, err := moving.ImportUsers(t.Context(), o.address, target, &moving.Options{DryRun: dry})
			require.ErrorIs(t, err, moving.ErrFaults)
			require.NotNil(t, report)
			plain := strings.ReplaceAll(strings.Join(report.Faults, "\n"), "-", "")
			for _, want := range []string{
				"openwisp_users_organization 6f1c2a007b3e4d5a9c10000000000103 (closed): name: This field cannot be blank.",
				"config_organizationconfigsettings 6f1c2a007b3e4d5a9c10000000000402: shared_secret: This value must not contain spaces",
				"openwisp_users_user 6f1c2a007b3e4d5a9c10000000000002 (operator): email: ADMIN@example.org is also the address of admin, as Admin@Example.org: the two differ in letter case only.",
				"openwisp_users_user 6f1c2a007b3e4d5a9c10000000000003 (manager.north): phone_number: The phone number entered is not valid.",
				"openwisp_users_user 6f1c2a007b3e4d5a9c10000000000008 (no body): username: Enter a valid username.",
				"account_emailaddress 40: email: Ada@Example.org differs from another address of the user in letter case only.",
				"account_emailaddress 41: email: user with this email address already exists.",
				"openwisp_users_organizationowner 6f1c2a007b3e4d5a9c10000000000301: organization_user: Invalid pk",
			} {
				require.Contains(t, plain, want)
			}
			require.Equal(t, 8, report.Faulty, plain)
			users, err := s.Tenancy().Users.List(t.Context(), all(), tenancy.UserFilter{}, wispwright.Page{})
			require.NoError(t, err)
			require.Zero(t, users.Total)
		}
		report, err := moving.ImportUsers(t.Context(), o.address, target, &moving.Options{SkipFaulty: true})
		require.NoError(t, err)
		require.Equal(t, moving.Count{Read: 11, Added: 8, Left: 3}, countOf(report, "openwisp_users_user"))
		// with the memberships of operator and manager.north, and those of the closed organization
		require.Equal(t, moving.Count{Read: 5, Added: 1, Left: 4}, countOf(report, "openwisp_users_organizationuser"))
		require.Equal(t, moving.Count{Read: 2, Left: 2}, countOf(report, "openwisp_users_organizationowner"))
		users, err := s.Tenancy().Users.List(t.Context(), all(), tenancy.UserFilter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Equal(t, 8, users.Total)
	})
}

// Rows that belong to what is not there are told and left out; the others come.
func TestImportOfDanglingRows(t *testing.T) {
	const nobody = "6f1c2a00-7b3e-4d5a-9c10-0000000009ff"
	dangling := func(r rows) {
		r["account_emailaddress"] = append(r["account_emailaddress"], map[string]any{"id": 50.0, "user_id": nobody, "email": "gone@example.org", "verified": true, "primary": true})
		for table, column := range map[string]string{"openwisp_users_organizationuser": "user_id", "config_organizationlimits": "organization_id", "authtoken_token": "user_id"} {
			row := maps.Clone(r[table][0])
			for key := range row {
				switch key {
				case column:
					row[key] = nobody
				case "id":
					row[key] = strings.Replace(nobody, "9ff", "9fe", 1)
					if _, number := r[table][0]["id"].(float64); number {
						row[key] = 99.0
					}
				case "key":
					row[key] = strings.Repeat("9", 40)
				}
			}
			r[table] = append(r[table], row)
		}
	}
	eachPair(t, dangling, func(t *testing.T, o *old, db *sqlstore.DB) {
		s, target := installation(t, db)
		report, err := moving.ImportUsers(t.Context(), o.address, target, &moving.Options{SkipFaulty: true})
		require.NoError(t, err)
		faults := strings.Join(report.Faults, "\n")
		for _, table := range []string{"account_emailaddress 50: ", "openwisp_users_organizationuser ", "config_organizationlimits ", "authtoken_token "} {
			require.Contains(t, faults, table)
		}
		require.Equal(t, 4, report.Faulty, faults)
		users, err := s.Tenancy().Users.List(t.Context(), all(), tenancy.UserFilter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Equal(t, 11, users.Total)
	})
}

// What others have here already is told with the row that collides.
func TestImportIntoWhatIsThere(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		ctx := wispwright.WithCaller(t.Context(), wispwright.System("test"))
		s, target := installation(t, db)
		_, err := s.FirstStart(ctx)
		require.NoError(t, err)
		require.NoError(t, s.Tenancy().Groups.Create(ctx, &tenancy.Group{ID: 7, Name: "Ours"}))
		require.NoError(t, s.Tenancy().Users.Create(ctx, &tenancy.User{Username: "other", PhoneNumber: "+393331112223", Email: "NORTH@example.org", IsActive: true}, ""))
		o := newOld(t, "sqlite", t.TempDir()+"/old.db", nil)
		report, err := moving.ImportUsers(ctx, o.address, target, nil)
		require.ErrorIs(t, err, moving.ErrFaults)
		faults := strings.Join(report.Faults, "\n")
		require.Contains(t, faults, `(default): slug: another organization, `)
		require.Contains(t, faults, `(admin): username: A user with that username already exists.`)
		require.Contains(t, faults, `(manager.north): email: User with this Email address already exists.`)
		require.Contains(t, faults, `(+393331112223): phone_number: user with this phone number already exists.`)
		require.Contains(t, report.Notices, `the group "Field technicians" has the number 8 here, 7 there`)
		require.Equal(t, 4, report.Faulty, faults)
	})
}

// Older versions have fewer tables and columns.
func TestImportOfOlderVersions(t *testing.T) {
	older := func(r rows) {
		for _, t := range []string{"account_emailaddress", "authtoken_token", "config_organizationlimits", "openwisp_users_organizationowner", "django_site", "openwisp_users_user_user_permissions"} {
			delete(r, t)
		}
	}
	eachOld(t, older, func(t *testing.T, o *old) {
		for _, column := range []string{"birth_date", "notes", "language", "password_updated", "location"} {
			o.exec("ALTER TABLE openwisp_users_user DROP COLUMN " + column)
		}
		s, target := installation(t, testkit.SQLite(t))
		report, err := moving.ImportUsers(t.Context(), o.address, target, nil)
		require.NoError(t, err)
		require.Contains(t, report.Notices, "there is no table authtoken_token: nothing is read of it")
		emails, err := s.Tenancy().Emails.List(t.Context(), all(), tenancy.EmailFilter{UserID: id(t, "1")}, wispwright.Page{})
		require.NoError(t, err)
		require.Len(t, emails.Rows, 1)
		require.Equal(t, tenancy.Email{ID: emails.Rows[0].ID, UserID: id(t, "1"), Address: "admin@example.org", IsPrimary: true}, *emails.Rows[0])
		again, err := moving.ImportUsers(t.Context(), o.address, target, nil)
		require.NoError(t, err)
		requireNothingDone(t, again)
		var out bytes.Buffer
		_, err = again.WriteTo(&out)
		require.NoError(t, err)
		require.Regexp(t, `(?m)^ *11 +0 +0 +11 +0  openwisp_users_user$`, out.String())
	})
}

// More rows than a page holds, whatever their ids.
func TestImportOfManyRows(t *testing.T) {
	const more = 1203
	many := func(r rows) {
		for range more {
			n := wispwright.NewID()
			name := "6f1c2a00-" + n.String()[9:]
			user := map[string]any{"id": name, "username": n.Hex(), "email": nil, "phone_number": nil}
			for column, value := range r["openwisp_users_user"][7] {
				if _, own := user[column]; !own {
					user[column] = value
				}
			}
			r["openwisp_users_user"] = append(r["openwisp_users_user"], user)
			r["authtoken_token"] = append(r["authtoken_token"], map[string]any{"key": n.Hex(), "user_id": name, "created": "2022-02-02 02:02:02"})
		}
	}
	eachOld(t, many, func(t *testing.T, o *old) {
		_, target := installation(t, testkit.SQLite(t))
		report, err := moving.ImportUsers(t.Context(), o.address, target, nil)
		require.NoError(t, err)
		require.Equal(t, moving.Count{Read: 11 + more, Added: 11 + more}, countOf(report, "openwisp_users_user"))
		require.Equal(t, moving.Count{Read: 2 + more, Added: 2 + more}, countOf(report, "authtoken_token"))
	})
}

// Values that cannot be what their column is for are told with their column.
func TestImportOfBrokenValues(t *testing.T) {
	o := newOld(t, "sqlite", t.TempDir()+"/old.db", nil)
	o.exec("UPDATE openwisp_users_user SET date_joined = 'yesterday', is_staff = 'maybe' WHERE username = 'nobody'")
	o.exec("UPDATE openwisp_users_organizationuser SET user_id = 'x' WHERE id LIKE '%203'")
	_, target := installation(t, testkit.SQLite(t))
	report, err := moving.ImportUsers(t.Context(), o.address, target, nil)
	require.ErrorIs(t, err, moving.ErrFaults)
	faults := strings.Join(report.Faults, "\n")
	require.Contains(t, faults, "(nobody): is_staff: is not a boolean.")
	require.Contains(t, faults, "date_joined: is not a date.")
	require.Contains(t, faults, "user_id: is not a UUID.")
	require.Equal(t, 2, report.Faulty, faults)
}

func TestImportFromWhatIsNoDatabaseOfOpenWISP(t *testing.T) {
	_, target := installation(t, testkit.SQLite(t))
	o := newOld(t, "sqlite", t.TempDir()+"/old.db", func(r rows) { delete(r, "openwisp_users_user") })
	for address, want := range map[string]string{
		o.address:                   "no table openwisp_users_user",
		t.TempDir() + "/missing.db": "no such file",
		"mysql://u:hidden@h/x":      "neither postgres:// nor the file",
		"postgres://u:hidden@%%/x":  "malformed address",
		"postgres://u:hidden@127.0.0.1:1/x?sslmode=disable&connect_timeout=1": "refused",
		"testdata/openwisp.json": "not a database",
	} {
		report, err := moving.ImportUsers(t.Context(), address, target, nil)
		require.ErrorContains(t, err, want, address)
		require.NotContains(t, err.Error(), "hidden")
		require.Nil(t, report)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	whole := newOld(t, "sqlite", t.TempDir()+"/whole.db", nil)
	_, err := moving.ImportUsers(ctx, whole.address, target, nil)
	require.ErrorIs(t, err, context.Canceled)
}
