package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/replay"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/enrol"
	"github.com/wispwright/wispwright/radius/radiussql"
	"github.com/wispwright/wispwright/server"
	"github.com/wispwright/wispwright/tenancy"
)

// radiusOf is the concern of a server.
func radiusOf(t testing.TB, s *server.Server) *server.RadiusConcern {
	t.Helper()
	c, ok := server.Find[*server.RadiusConcern](s.Concerns())
	require.True(t, ok)
	return c
}

// radiusFixture is what a recording made outside the API.
type radiusFixture struct {
	Organization *struct {
		Slug, Name string
		IsActive   *bool `json:"is_active"`
	}
	User *struct {
		Username, Password, Token string
		Email                     string
		PhoneNumber               string `json:"phone_number"`
		FirstName                 string `json:"first_name"`
		LastName                  string `json:"last_name"`
		Location                  string
		BirthDate                 string `json:"birth_date"`
		LastLogin                 string `json:"last_login"`
		PasswordUpdated           string `json:"password_updated"`
		IsActive                  *bool  `json:"is_active"`
		IsStaff                   bool   `json:"is_staff"`
		Organizations             map[string]bool
		Permissions               []string
		Registered                *struct {
			Method     string
			IsVerified bool `json:"is_verified"`
		}
	}
	AuthToken   *struct{ User, Key string } `json:"auth_token"`
	RadiusToken *struct{ User, Key string } `json:"radius_token"`
	Settings    map[string]any              `json:"radius_settings"`
	Group       *struct {
		Organization, Name string
		Checks, Replies    [][]*string
	} `json:"radius_group"`
	UserGroup *struct {
		User, Group, Replace string
		Priority             int64
	} `json:"user_group"`
	NoUserGroup *struct{ User, Organization string } `json:"no_user_group"`
	Accounting  map[string]*string
	Expected    struct {
		Status int
		Body   json.RawMessage
	}
	PhoneToken *struct {
		User, Token string
		Age         float64
		Expired     bool
	} `json:"phone_token"`
	DeletePhoneTokens *struct{ User string } `json:"delete_phone_tokens"`
	Confirm           *struct {
		User, Organization string
		NewPassword1       string `json:"new_password1"`
		NewPassword2       string `json:"new_password2"`
		Form               bool
	} `json:"confirm_password_reset"`
}

// letterBox keeps what would be sent.
type letterBox struct {
	lock sync.Mutex
	list []tenancy.Message
}

func (b *letterBox) Send(_ context.Context, m tenancy.Message) error {
	b.lock.Lock()
	defer b.lock.Unlock()
	b.list = append(b.list, m)
	return nil
}

// last is the newest letter to an address.
func (b *letterBox) last(t testing.TB, to string) tenancy.Message {
	t.Helper()
	b.lock.Lock()
	defer b.lock.Unlock()
	for i := len(b.list) - 1; i >= 0; i-- {
		if b.list[i].To == to {
			return b.list[i]
		}
	}
	t.Fatalf("no letter to %s", to)
	return tenancy.Message{}
}

// radiusFixtures makes what recordings of RADIUS made outside the API.
func radiusFixtures(t *testing.T, s *server.Server, db *sqlstore.DB, letters *letterBox) func(*testing.T, json.RawMessage) {
	stores, err := radiussql.New(db)
	require.NoError(t, err)
	enrolled, err := radiussql.NewEnrolment(db)
	require.NoError(t, err)
	r, ten, ctx, all := radiusOf(t, s), s.Tenancy(), context.Background(), wispwright.ScopeAll()
	organization := func(slug string) *tenancy.Organization {
		o, err := ten.Organizations.BySlug(ctx, all, slug)
		require.NoError(t, err)
		return o
	}
	user := func(name string) *tenancy.User {
		u, err := ten.Users.ByUsername(ctx, all, name)
		require.NoError(t, err)
		return u
	}
	group := func(name string) *radius.Group {
		g, err := r.Groups.First(ctx, all, radius.GroupFilter{Name: name})
		require.NoError(t, err)
		return g
	}
	rows := func(t *testing.T, service *radius.GroupAttributes, g *radius.Group, list [][]*string) {
		for _, row := range list {
			found, err := service.List(ctx, all, radius.GroupAttributeFilter{GroupID: g.ID, Attribute: *row[0]}, wispwright.Page{})
			require.NoError(t, err)
			for _, f := range found.Rows {
				require.NoError(t, service.Delete(ctx, all, f.ID))
			}
			if row[2] != nil {
				require.NoError(t, service.Create(ctx, &radius.GroupAttribute{GroupID: g.ID, Attribute: *row[0], Op: *row[1], Value: *row[2]}))
			}
		}
	}
	date := func(t *testing.T, layout, text string) time.Time {
		if text == "" {
			return time.Time{}
		}
		at, err := time.Parse(layout, text)
		require.NoError(t, err)
		return at
	}
	return func(t *testing.T, raw json.RawMessage) {
		var f radiusFixture
		require.NoError(t, json.Unmarshal(raw, &f), string(raw))
		switch {
		case f.Organization != nil:
			o, err := ten.Organizations.BySlug(ctx, all, f.Organization.Slug)
			if errors.Is(err, wispwright.ErrNotFound) {
				require.NoError(t, ten.Organizations.Create(ctx, &tenancy.Organization{Name: f.Organization.Name, Slug: f.Organization.Slug, IsActive: true}))
				return
			}
			require.NoError(t, err)
			_, err = ten.Organizations.Update(ctx, all, o.ID, func(o *tenancy.Organization) error { o.IsActive = *f.Organization.IsActive; return nil })
			require.NoError(t, err)
		case f.User != nil:
			u, err := ten.Users.ByUsername(ctx, all, f.User.Username)
			if errors.Is(err, wispwright.ErrNotFound) {
				email, password := f.User.Email, f.User.Password
				if email == "" {
					email = f.User.Username + "@example.org"
				}
				if password == "" {
					password = f.User.Username + "-Passw0rd"
				}
				u = &tenancy.User{Username: f.User.Username, Email: email, IsActive: f.User.IsActive == nil || *f.User.IsActive, IsStaff: f.User.IsStaff, PhoneNumber: f.User.PhoneNumber,
					FirstName: f.User.FirstName, LastName: f.User.LastName, Location: f.User.Location, BirthDate: date(t, time.DateOnly, f.User.BirthDate),
					PasswordUpdated: date(t, time.DateOnly, f.User.PasswordUpdated)}
				require.NoError(t, ten.Users.Create(ctx, u, password))
			} else {
				require.NoError(t, err)
				if f.User.Password != "" {
					require.NoError(t, ten.Users.SetPassword(ctx, all, u.ID, f.User.Password))
				}
			}
			for slug, manages := range f.User.Organizations {
				require.NoError(t, ten.Memberships.Create(ctx, &tenancy.Membership{UserID: u.ID, OrganizationID: organization(slug).ID, IsAdmin: manages}))
			}
			if f.User.Token != "" {
				_, err := ten.Tokens.Set(ctx, u.ID, f.User.Token)
				require.NoError(t, err)
			}
			var permissions []wispwright.Permission
			for _, p := range f.User.Permissions {
				permissions = append(permissions, wispwright.Permission("openwisp_radius."+p))
			}
			if permissions != nil {
				require.NoError(t, ten.Users.SetPermissions(ctx, all, u.ID, permissions))
			}
			if reg := f.User.Registered; reg != nil { // one row of the original is one in each organization here
				for _, slug := range []string{"alpha", "beta", "default"} {
					o := organization(slug)
					row, err := r.Registrations.Of(ctx, u.ID, o.ID)
					if errors.Is(err, wispwright.ErrNotFound) {
						require.NoError(t, r.Registrations.Create(ctx, &radius.Registration{UserID: u.ID, OrganizationID: o.ID, Method: reg.Method, IsVerified: reg.IsVerified}))
						continue
					}
					require.NoError(t, err)
					_, err = r.Registrations.Update(ctx, all, row.ID, func(x *radius.Registration) error { x.Method, x.IsVerified = reg.Method, reg.IsVerified; return nil })
					require.NoError(t, err)
				}
			}
		case f.AuthToken != nil:
			_, err := ten.Tokens.Set(ctx, user(f.AuthToken.User).ID, f.AuthToken.Key)
			require.NoError(t, err)
		case f.RadiusToken != nil:
			k, err := r.Tokens.Of(ctx, user(f.RadiusToken.User).ID)
			require.NoError(t, err)
			_, err = stores.Tokens.Update(ctx, all, k.ID, func(k *radius.Token) error { k.Key = wispwright.Secret(f.RadiusToken.Key); return nil })
			require.NoError(t, err)
		case f.Settings != nil:
			o := organization(f.Settings["organization"].(string))
			delete(f.Settings, "organization")
			body, err := json.Marshal(f.Settings)
			require.NoError(t, err)
			switched := func(on bool) { // one that is switched off takes no settings
				_, err := ten.Organizations.Update(ctx, all, o.ID, func(o *tenancy.Organization) error { o.IsActive = on; return nil })
				require.NoError(t, err)
			}
			if !o.IsActive {
				switched(true)
			}
			w := told(t, s, "a", http.MethodPatch, "/api/v1/radius/organization/"+o.ID.String()+"/settings/", string(body))
			require.Equal(t, 200, w.Code, w.Body)
			if !o.IsActive {
				switched(false)
			}
		case f.Group != nil:
			o := organization(f.Group.Organization)
			g, err := r.Groups.First(ctx, all, radius.GroupFilter{Name: o.Slug + "-" + f.Group.Name})
			if errors.Is(err, wispwright.ErrNotFound) {
				g = &radius.Group{OrganizationID: o.ID, Name: f.Group.Name}
				require.NoError(t, r.Groups.Create(ctx, g))
			} else {
				require.NoError(t, err)
			}
			rows(t, r.GroupChecks, g, f.Group.Checks)
			rows(t, r.GroupReplies, g, f.Group.Replies)
		case f.UserGroup != nil && f.UserGroup.Replace != "":
			found, err := r.Memberships.List(ctx, all, radius.MembershipFilter{UserID: user(f.UserGroup.User).ID, GroupID: group(f.UserGroup.Replace).ID}, wispwright.Page{})
			require.NoError(t, err)
			taken, err := r.Memberships.List(ctx, all, radius.MembershipFilter{UserID: user(f.UserGroup.User).ID, GroupID: group(f.UserGroup.Group).ID}, wispwright.Page{})
			require.NoError(t, err)
			for _, m := range taken.Rows {
				require.NoError(t, r.Memberships.Delete(ctx, all, m.ID))
			}
			_, err = r.Memberships.Update(ctx, all, found.Rows[0].ID, func(m *radius.Membership) error { m.GroupID = group(f.UserGroup.Group).ID; return nil })
			require.NoError(t, err)
		case f.UserGroup != nil:
			require.NoError(t, r.Memberships.Create(ctx, &radius.Membership{UserID: user(f.UserGroup.User).ID, GroupID: group(f.UserGroup.Group).ID, Priority: f.UserGroup.Priority}))
		case f.NoUserGroup != nil:
			found, err := r.Memberships.List(ctx, all, radius.MembershipFilter{UserID: user(f.NoUserGroup.User).ID, OrganizationID: organization(f.NoUserGroup.Organization).ID}, wispwright.Page{})
			require.NoError(t, err)
			for _, m := range found.Rows {
				require.NoError(t, r.Memberships.Delete(ctx, all, m.ID))
			}
		case f.Accounting != nil:
			_, err := stores.Sessions.Update(ctx, all, *f.Accounting["unique_id"], func(x *radius.Session) error {
				for name, into := range map[string]*time.Time{"start_time": &x.StartTime, "stop_time": &x.StopTime, "update_time": &x.UpdateTime} {
					v, there := f.Accounting[name]
					switch {
					case there && v == nil:
						*into = time.Time{}
					case there:
						*into = date(t, time.RFC3339, *v)
					}
				}
				x.Count()
				return nil
			})
			require.NoError(t, err)
		case f.PhoneToken != nil:
			found, err := enrolled.Codes.List(ctx, all, enrol.CodeFilter{UserID: user(f.PhoneToken.User).ID}, wispwright.Page{Limit: 1})
			require.NoError(t, err)
			require.NotEmpty(t, found.Rows)
			_, err = enrolled.Codes.Update(ctx, all, found.Rows[0].ID, func(c *enrol.Code) error {
				if f.PhoneToken.Token != "" {
					c.Digits = wispwright.Secret(f.PhoneToken.Token)
				}
				c.Created = c.Created.Add(-time.Duration(f.PhoneToken.Age * float64(time.Second)))
				if f.PhoneToken.Expired {
					c.ValidUntil = c.Created
				}
				return nil
			})
			require.NoError(t, err)
		case f.DeletePhoneTokens != nil:
			found, err := enrolled.Codes.List(ctx, all, enrol.CodeFilter{UserID: user(f.DeletePhoneTokens.User).ID}, wispwright.Page{})
			require.NoError(t, err)
			for _, c := range found.Rows {
				require.NoError(t, enrolled.Codes.Delete(ctx, all, c.ID))
			}
		case f.Confirm != nil:
			confirmRecorded(t, s, letters.last(t, user(f.Confirm.User).Email), f)
		default:
			t.Fatalf("unknown fixture %s", raw)
		}
	}
}

// confirmRecorded chooses a password with the link of a letter.
func confirmRecorded(t *testing.T, s *server.Server, letter tenancy.Message, f radiusFixture) {
	parts := regexp.MustCompile(`/([0-9a-f]{32})/([A-Za-z0-9_-]+)\s`).FindStringSubmatch(letter.Text)
	require.Len(t, parts, 3, letter.Text)
	body := map[string]string{"uid": parts[1], "token": parts[2], "new_password1": f.Confirm.NewPassword1, "new_password2": f.Confirm.NewPassword2}
	kind, text := "application/json", ""
	if f.Confirm.Form {
		form := url.Values{}
		for k, v := range body {
			form.Set(k, v)
		}
		kind, text = "application/x-www-form-urlencoded", form.Encode()
	} else {
		raw, err := json.Marshal(body)
		require.NoError(t, err)
		text = string(raw)
	}
	r := httptest.NewRequest("POST", "/api/v1/radius/organization/"+f.Confirm.Organization+"/account/password/reset/confirm/", strings.NewReader(text))
	r.Header.Set("Content-Type", kind)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	require.Equal(t, f.Expected.Status, w.Code, w.Body)
	require.JSONEq(t, string(f.Expected.Body), w.Body.String())
}

// The exchanges recorded with RADIUS, against the whole server.
func TestRecordedRadius(t *testing.T) {
	t.Parallel()
	for name, deviations := range radiusDeviations() {
		t.Run(name, func(t *testing.T) {
			scenario := replay.Load(t, "rest", name+".json")
			testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
				c, parts := parts(t)
				c.Radius.TimeZone, c.Tenancy.SiteURL = "Europe/Rome", "https://example.com"
				ten, ok := server.Find[*server.TenancyConcern](parts)
				require.True(t, ok)
				box := &letterBox{}
				ten.Mailer = box
				s := started(t, db, c, parts)
				require.NoError(t, s.LoadData(t.Context(), strings.NewReader(recordedData(t))))
				fixture := radiusFixtures(t, s, db, box)
				for slug, hosts := range map[string]string{"alpha": "127.0.0.1", "beta": "127.0.0.0/8,10.1.0.0/16", "default": "127.0.0.1"} {
					raw, err := json.Marshal(map[string]any{"radius_settings": map[string]any{"organization": slug, "token": "radtoken" + slug + "0123456789", "freeradius_allowed_hosts": hosts}})
					require.NoError(t, err)
					fixture(t, raw)
				}
				letters := map[string]string{"admin": "a", "manager": "b", "operator": "c", "member": "d", "betamanager": "e"}
				p := replay.Player{Handler: fromLoopback(s), Vars: identifiers(t, s), Additive: []string{"start_time_display", "stop_time_display", "status", "number_of_users", "group", "notes"}, Deviations: deviations, Fixture: fixture, Skip: map[int]string{},
					Headers: []string{"Content-Type", "Allow", "WWW-Authenticate", "Link"}, Token: func(user string) string { return strings.Repeat(letters[user], 40) }}
				if name == "radius.accounting" {
					p.Skip[118] = "an answer to HEAD, see TestRadiusOnTheWire"
				}
				if name == "radius.passwords" { // letters are sent by jobs
					require.NoError(t, s.Start(t.Context()))
					p.Idle = func(t *testing.T) { idle(t, s) }
				}
				require.Zero(t, p.Play(t, scenario).Different)
			})
		})
	}
}
