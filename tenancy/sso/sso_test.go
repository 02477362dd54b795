package sso_test

import (
	"encoding/json"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/sso"
	"github.com/wispwright/wispwright/tenancy/sso/ssohttp"
	"github.com/wispwright/wispwright/tenancy/sso/ssosql"
	"github.com/wispwright/wispwright/tenancy/sso/ssotest"
	"github.com/wispwright/wispwright/tenancy/tenancysql"
)

// idp is a provider on loopback.
type idp = ssotest.Provider

func newIDP(t *testing.T) *idp { return ssotest.NewProvider(t) }

// installation is a program with accounts that trusts a provider.
type installation struct {
	*httptest.Server
	t      *tenancy.Tenancy
	opened []*tenancy.User
}

func newInstallation(t *testing.T, db *sqlstore.DB, p *idp, rules sso.Rules) *installation {
	t.Helper()
	require.NoError(t, db.Migrate(t.Context(), tenancysql.Migrations()))
	require.NoError(t, db.Migrate(t.Context(), ssosql.Migrations()))
	stores, err := tenancysql.New(db)
	require.NoError(t, err)
	i := &installation{}
	i.t, err = tenancy.New(db, stores, nil)
	require.NoError(t, err)
	require.NoError(t, i.t.Groups.EnsureDefaults(t.Context()))
	for _, slug := range []string{"north", "south"} {
		require.NoError(t, i.t.Organizations.Create(t.Context(), &tenancy.Organization{Name: slug, Slug: slug, IsActive: true}))
	}
	identities, err := ssosql.New(db)
	require.NoError(t, err)
	accounts, err := sso.NewAccounts(db, i.t, identities, rules)
	require.NoError(t, err)
	provider, err := sso.NewProvider(sso.ProviderOptions{Issuer: p.URL, ClientID: "nms", ClientSecret: "client secret"})
	require.NoError(t, err)
	var handler http.Handler
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(i.Close)
	handler, err = ssohttp.New(provider, accounts, ssohttp.Options{Label: "Campus", Redirect: i.URL + ssohttp.Path + "callback/", Open: func(_ http.Header, _ *http.Request, u *tenancy.User) error {
		i.opened = append(i.opened, u)
		return nil
	}})
	require.NoError(t, err)
	return i
}

// logIn goes the way of a browser, and returns the status and where it ended.
func (i *installation) logIn(t *testing.T, next string) (int, string) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	browser := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if r.URL.Host == i.Listener.Addr().String() && r.URL.Path != ssohttp.Path+"callback/" {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	r, err := browser.Get(i.URL + ssohttp.Path + "login/?next=" + url.QueryEscape(next))
	require.NoError(t, err)
	defer func() { require.NoError(t, r.Body.Close()) }()
	return r.StatusCode, r.Header.Get("Location")
}

func rules() sso.Rules {
	return sso.Rules{LogIn: []string{"staff", "noc"}, Superuser: []string{"root"}, Groups: map[string]string{"noc": "Operator"},
		Organizations: map[string]string{"noc": "north:manager", "staff": "south"}, Create: true, MatchEmail: true}
}

// TestLogInWithAProvider: an account is made, has the rights of its groups there, and loses
// them with the groups.
func TestLogInWithAProvider(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		p := newIDP(t)
		i := newInstallation(t, db, p, rules())
		ctx := t.Context()
		p.Claims = map[string]any{"sub": "17", "preferred_username": "anna", "email": "anna@example.org", "email_verified": true, "given_name": "Anna", "groups": []string{"noc", "staff", "root"}}
		status, where := i.logIn(t, "/admin/config/device/")
		require.Equal(t, http.StatusFound, status)
		require.Equal(t, "/admin/config/device/", where)
		require.Len(t, i.opened, 1)
		u := i.opened[0]
		require.Equal(t, "anna", u.Username)
		require.Equal(t, "Anna", u.FirstName)
		require.True(t, u.IsStaff && u.IsSuperuser)
		groups := func() int {
			n, err := i.t.Users.Groups(ctx, u.ID)
			require.NoError(t, err)
			return len(n)
		}
		members := func() map[string]bool {
			list, err := i.t.Memberships.List(ctx, wispwright.ScopeAll(), tenancy.MembershipFilter{UserID: u.ID}, wispwright.Page{NoTotal: true})
			require.NoError(t, err)
			out := map[string]bool{}
			for _, m := range list.Rows {
				o, err := i.t.Organizations.Get(ctx, wispwright.ScopeAll(), m.OrganizationID)
				require.NoError(t, err)
				out[o.Slug] = m.IsAdmin
			}
			return out
		}
		require.Equal(t, 1, groups())
		require.Equal(t, map[string]bool{"north": true, "south": false}, members())

		// another name and address, and fewer groups: the same account with fewer rights
		p.Claims = map[string]any{"sub": "17", "preferred_username": "anna.b", "email": "b@example.org", "groups": []string{"staff"}}
		status, where = i.logIn(t, "//evil.example.org/")
		require.Equal(t, http.StatusFound, status)
		require.Equal(t, "/admin/", where, "only paths of this server")
		require.Len(t, i.opened, 2)
		require.Equal(t, u.ID, i.opened[1].ID)
		require.False(t, i.opened[1].IsSuperuser)
		require.Zero(t, groups())
		require.Equal(t, map[string]bool{"south": false}, members())
	})
}

func TestWhoDoesNotComeIn(t *testing.T) {
	db := testkit.SQLite(t)
	p := newIDP(t)
	r := rules()
	r.Create = false
	i := newInstallation(t, db, p, r)
	ctx := t.Context()
	known := &tenancy.User{Username: "bruno", Email: "bruno@example.org", IsActive: true}
	require.NoError(t, i.t.Users.Create(ctx, known, "a good Passw0rd"))
	member := []string{"staff"}
	for name, claims := range map[string]map[string]any{
		"of another group":        {"sub": "1", "groups": []string{"guests"}},
		"without groups":          {"sub": "1"},
		"without an account":      {"sub": "1", "groups": member, "email": "nobody@example.org", "email_verified": true},
		"whose address is unseen": {"sub": "1", "groups": member, "email": "bruno@example.org", "email_verified": false},
		"without a name":          {"groups": member},
	} {
		p.Claims = claims
		status, _ := i.logIn(t, "/")
		require.Equal(t, http.StatusForbidden, status, name)
	}
	p.Claims = map[string]any{"sub": "1", "groups": member, "email": "Bruno@example.org", "email_verified": true}
	for name, spoil := range map[string]func(map[string]any){
		"another nonce":    func(c map[string]any) { c["nonce"] = "planted" },
		"another audience": func(c map[string]any) { c["aud"] = "other" },
		"another issuer":   func(c map[string]any) { c["iss"] = "https://evil.example.org" },
		"expired":          func(c map[string]any) { c["exp"] = time.Now().Add(-time.Hour).Unix() },
	} {
		p.Spoil = spoil
		status, _ := i.logIn(t, "/")
		require.Equal(t, http.StatusForbidden, status, name)
	}
	p.Spoil = nil
	require.Empty(t, i.opened)
	status, _ := i.logIn(t, "/")
	require.Equal(t, http.StatusFound, status)
	require.Equal(t, known.ID, i.opened[0].ID, "the verified address finds the account")
	_, err := i.t.Users.Update(ctx, wispwright.ScopeAll(), known.ID, func(u *tenancy.User) error { u.IsActive = false; return nil })
	require.NoError(t, err)
	status, _ = i.logIn(t, "/")
	require.Equal(t, http.StatusForbidden, status, "accounts that are switched off")
	// a callback that nobody began here
	answer, err := http.Get(i.URL + ssohttp.Path + "callback/?state=&code=the-code")
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusForbidden, answer.StatusCode)
}

// TestAProviderThatIsAway does not keep anybody from the page of the log-in.
func TestAProviderThatIsAway(t *testing.T) {
	p := newIDP(t)
	i := newInstallation(t, testkit.SQLite(t), p, rules())
	p.Close()
	status, _ := i.logIn(t, "/")
	require.Equal(t, http.StatusBadGateway, status)
	answer, err := http.Get(i.URL + ssohttp.Path)
	require.NoError(t, err)
	defer func() { require.NoError(t, answer.Body.Close()) }()
	var list struct{ Providers []struct{ Label, URL string } }
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&list))
	require.Equal(t, "Campus", list.Providers[0].Label)
	_, err = sso.NewProvider(sso.ProviderOptions{})
	require.Error(t, err)
}
