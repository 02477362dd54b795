package tenancyhttp_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/rest/resttest"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/password"
	"github.com/wispwright/wispwright/tenancy/tenancyhttp"
	"github.com/wispwright/wispwright/tenancy/tenancysql"
)

// server is the users API over memory stores, every answer checked against
// the API's own document.
type server struct {
	*resttest.Recorder
	t      *tenancy.Tenancy
	h      *tenancyhttp.HTTP
	api    *rest.API
	mu     sync.Mutex
	now    time.Time
	tokens map[string]string
	mails  []tenancy.Message
	// mailFault is what sending fails with
	mailFault error
}

// Send implements tenancy.Mailer.
func (s *server) Send(_ context.Context, m tenancy.Message) error {
	s.mails = append(s.mails, m)
	return s.mailFault
}

// mail returns the one e-mail that was sent, and forgets it.
func (s *server) mail(t testing.TB) tenancy.Message {
	t.Helper()
	require.Len(t, s.mails, 1)
	m := s.mails[0]
	s.mails = nil
	return m
}

// clock never stands still, so that "newest first" has one meaning.
func (s *server) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(time.Millisecond + time.Microsecond)
	return s.now
}

func newServer(t testing.TB, options *tenancyhttp.Options) *server {
	t.Helper()
	tx, stores := tenancy.NewMemory()
	return newServerOver(t, tx, stores, options)
}

// eachStorage runs a test on the API over every storage there is.
func eachStorage(t *testing.T, options tenancyhttp.Options, test func(t *testing.T, s *server)) {
	t.Run("memory", func(t *testing.T) {
		o := options
		test(t, newServer(t, &o))
	})
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		require.NoError(t, db.Migrate(context.Background(), tenancysql.Migrations()))
		stores, err := tenancysql.New(db)
		require.NoError(t, err)
		sessions, err := tenancysql.NewSessions(db)
		require.NoError(t, err)
		o := options
		o.Sessions = sessions
		test(t, newServerOver(t, db, stores, &o))
	})
}

func newServerOver(t testing.TB, tx wispwright.Transactor, stores tenancy.Stores, options *tenancyhttp.Options) *server {
	t.Helper()
	return newServerWith(t, tx, stores, options, tenancy.Options{})
}

// newServerIn is newServer with options of the concern.
func newServerIn(t testing.TB, rules tenancy.Options) *server {
	t.Helper()
	tx, stores := tenancy.NewMemory()
	return newServerWith(t, tx, stores, nil, rules)
}

func newServerWith(t testing.TB, tx wispwright.Transactor, stores tenancy.Stores, options *tenancyhttp.Options, rules tenancy.Options) *server {
	t.Helper()
	s := &server{now: time.Date(2024, 11, 22, 7, 31, 37, 8313000, time.UTC), tokens: map[string]string{}}
	var err error
	rules.Hasher, rules.Clock, rules.Mailer, rules.Log = password.Hasher{Iterations: 1}, s.clock, s, slog.New(slog.DiscardHandler)
	rules.Phone = tenancyhttp.ParsePhone
	rules.Site = tenancy.Site{Name: "Test", URL: "https://wifi.example.org"}
	s.t, err = tenancy.New(tx, stores, &rules)
	require.NoError(t, err)
	require.NoError(t, s.t.Groups.EnsureDefaults(context.Background()))
	if options == nil {
		options = &tenancyhttp.Options{}
	}
	if options.TokenRate == "" {
		options.TokenRate = "none"
	}
	if options.LoginRate == "" {
		options.LoginRate = "none"
	}
	s.h, err = tenancyhttp.New(tx, s.t, options)
	require.NoError(t, err)
	s.api = rest.New(&rest.Options{Schemes: s.h.Schemes(), DocsSchemes: s.h.DocsSchemes(), Organizations: s.h})
	s.h.Mount(s.api)
	s.api.MountDocs()
	s.Recorder = resttest.Record(t, s.api)
	return s
}

func (s *server) organization(t testing.TB, slug string) wispwright.ID {
	t.Helper()
	o := &tenancy.Organization{Name: slug, Slug: slug, IsActive: true}
	if slug == "default" {
		o.Description = "This is the default organization. It was created automatically during installation. You can simply rename it to your organization name."
	}
	require.NoError(t, s.t.Organizations.Create(context.Background(), o))
	return o.ID
}

// account makes a user; group 0 is none, an empty organization no membership.
func (s *server) account(t testing.TB, u tenancy.User, plain, token string, group int64, organization wispwright.ID, manages bool) wispwright.ID {
	t.Helper()
	ctx := context.Background()
	u.Email = u.Username + "@example.org"
	require.NoError(t, s.t.Users.Create(ctx, &u, plain))
	if group > 0 {
		require.NoError(t, s.t.Users.SetGroups(ctx, wispwright.ScopeAll(), u.ID, []int64{group}))
	}
	if !organization.IsZero() {
		require.NoError(t, s.t.Memberships.Create(ctx, &tenancy.Membership{UserID: u.ID, OrganizationID: organization, IsAdmin: manages}))
	}
	_, err := s.t.Tokens.Set(ctx, u.ID, token)
	require.NoError(t, err)
	s.tokens[u.Username] = token
	return u.ID
}

// recorded makes the fixtures of the recordings and returns what their
// placeholders stand for.
func (s *server) recorded(t testing.TB) map[string]string {
	t.Helper()
	vars := map[string]string{}
	orgs := map[string]wispwright.ID{"": {}}
	for _, slug := range []string{"default", "alpha", "beta"} {
		orgs[slug] = s.organization(t, slug)
		vars["org_"+slug] = orgs[slug].String()
	}
	for i, u := range []struct {
		user    tenancy.User
		group   int64
		org     string
		manages bool
	}{
		{tenancy.User{Username: "admin", IsSuperuser: true, IsStaff: true}, 0, "", false},
		{tenancy.User{Username: "manager", IsStaff: true}, 2, "alpha", true},
		{tenancy.User{Username: "operator", IsStaff: true}, 1, "alpha", true},
		{tenancy.User{Username: "member"}, 0, "alpha", false},
		{tenancy.User{Username: "betamanager", IsStaff: true}, 2, "beta", true},
	} {
		u.user.IsActive = true
		token := strings.Repeat(string(rune('a'+i)), 40)
		vars["user_"+u.user.Username] = s.account(t, u.user, u.user.Username+"-Passw0rd", token, u.group, orgs[u.org], u.manages).String()
	}
	return vars
}
