package tenancyhttp_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/replay"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/tenancyhttp"
)

func instead(path string, value any, reason string) replay.Deviation {
	return replay.Deviation{Path: path, Instead: value, Reason: reason}
}

// signsIn is a token where the recording has a refusal.
func signsIn(reason string) []replay.Deviation {
	return []replay.Deviation{instead("status", 200, reason), instead("body", map[string]any{"token": "{random}"}, reason)}
}

func TestRecordedUsersAPI(t *testing.T) {
	for name, p := range map[string]*replay.Player{
		"users.auth": {
			Deviations: map[int][]replay.Deviation{2: signsIn("the manual says that the e-mail address may be used; the recording server had that switched off")},
			Skip: map[int]string{11: "devices are another package's", 15: "devices", 19: "devices", 27: "devices", 31: "devices", 33: "devices",
				35: "devices", 37: "devices", 38: "devices", 41: "devices"},
		},
		"users.organizations": {},
		"users.users":         {},
	} {
		t.Run(name, func(t *testing.T) {
			scenario := replay.Load(t, "rest", name+".json")
			eachStorage(t, tenancyhttp.Options{}, func(t *testing.T, s *server) {
				p.Handler, p.Vars = s, s.recorded(t)
				p.Token = func(user string) string { return s.tokens[user] }
				p.Free, p.Additive = []string{"permissions"}, []string{"expiration_date", "invitable"}
				require.Zero(t, p.Play(t, scenario).Different)
			})
		})
	}
}

// TestRecordedConventions replays the exchanges that show the conventions.
func TestRecordedConventions(t *testing.T) {
	scenario := replay.Load(t, "tenancy", "rest-exchanges.json")
	eachStorage(t, tenancyhttp.Options{SlugFromName: true}, func(t *testing.T, s *server) { playConventions(t, s, scenario) })
}

func playConventions(t *testing.T, s *server, scenario *replay.Scenario) {
	ctx := context.Background()
	vars := map[string]string{"token.none": ""}
	orgs := map[string]wispwright.ID{"": {}}
	for _, slug := range []string{"default", "acme", "other"} {
		orgs[slug] = s.organization(t, slug)
		vars["org."+slug] = orgs[slug].String()
	}
	for i, u := range []struct {
		user    tenancy.User
		group   int64
		org     string
		manages bool
	}{
		{tenancy.User{Username: "admin", IsSuperuser: true, IsStaff: true, IsActive: true}, 0, "", false},
		{tenancy.User{Username: "manager", IsStaff: true, IsActive: true}, 2, "acme", true},
		{tenancy.User{Username: "member", IsActive: true}, 0, "acme", false},
		{tenancy.User{Username: "nobody", IsActive: true}, 0, "", false},
		{tenancy.User{Username: "stranger", IsActive: true}, 0, "other", true},
		{tenancy.User{Username: "inactive"}, 0, "", false},
	} {
		token := strings.Repeat(string(rune('a'+i)), 40)
		id := s.account(t, u.user, "tester123", token, u.group, orgs[u.org], u.manages)
		vars["user."+u.user.Username], vars["token."+u.user.Username] = id.String(), token
		members, err := s.t.Memberships.List(ctx, wispwright.ScopeAll(), tenancy.MembershipFilter{UserID: id}, wispwright.Page{})
		require.NoError(t, err)
		for _, m := range members.Rows {
			vars["membership."+u.user.Username] = m.ID.String()
		}
	}
	p := &replay.Player{Handler: s, Vars: vars, Free: []string{"permissions"}, Additive: []string{"otp", "expiration_date", "invitable"},
		Token: func(user string) string { return s.tokens[user] },
		Resolve: func(name string) (string, bool) {
			user, found := strings.CutPrefix(name, "user.")
			if !found {
				return "", false
			}
			u, err := s.t.Users.ByUsername(ctx, wispwright.ScopeAll(), user)
			if err != nil {
				return "", false
			}
			return u.ID.String(), true
		},
		Deviations: map[int][]replay.Deviation{
			76: {instead("body.id", replay.Anything, "the number of a group is the installation's")},
			79: {instead("body.results[0].id", replay.Anything, "the number of an address is the installation's")},
			80: {instead("body.id", replay.Anything, "the number of an address is the installation's"),
				instead("body.email", "second@example.org", "addresses are kept in lower case (tenancy §5.7)")},
			81: {instead("status", 400, "as 80, so that the second spelling is a duplicate"),
				instead("body", map[string]any{"__all__": []string{"Email address with this User and Email address already exists."}}, "as 80")},
			87: {instead("status", 200, "the documentation can be read with a token, which is wanted (rest-conventions §15)"),
				instead("body", replay.Anything, "as its status")},
			89: append(signsIn("the throttle has a test of its own with a clock of its own"),
				instead("Retry-After", replay.Absent, "as its status")),
		}}
	require.Zero(t, p.Play(t, scenario).Different)
}
