package server_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/enrol"
	"github.com/wispwright/wispwright/tenancy"
)

// Numbered accounts are made many at a time: none has a name that somebody has, all are
// in the batch's group, their passwords are good, and they go with the batch.
func TestNumberedAccountsOfABatch(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		p := newPortal(t, db, nil)
		r := radiusOf(t, p.Server)
		alpha, err := wispwright.ParseID(p.ids["org_alpha"])
		require.NoError(t, err)
		ctx := wispwright.WithCaller(t.Context(), wispwright.System("test"))
		for _, taken := range []string{"guest2", "GUEST270"} {
			require.NoError(t, p.Tenancy().Users.Create(ctx, &tenancy.User{Username: taken, IsActive: true}, "taken-Passw0rd"))
		}
		power, err := r.Groups.First(ctx, wispwright.ScopeOf(alpha), radius.GroupFilter{Search: "alpha-power-users"})
		require.NoError(t, err)
		b, err := r.Enrolment.Batches.Make(ctx, enrol.Order{Here: true, Batch: enrol.Batch{OrganizationID: alpha, Strategy: enrol.ByPrefix, Name: "many", Prefix: "guest", Number: 600, GroupID: power.ID}})
		require.NoError(t, err)
		require.Equal(t, enrol.Completed, b.Status)
		pairs, err := r.Enrolment.Batches.Credentials(ctx, b)
		require.NoError(t, err)
		require.Len(t, pairs, 600)
		names := make([]string, len(pairs))
		for i, pair := range pairs {
			names[i] = pair[0]
		}
		require.Equal(t, []string{"guest1", "guest3", "guest602"}, []string{names[0], names[1], names[599]}, "names that somebody has are left out")
		require.False(t, slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, "guest270") }))
		slices.Sort(names)
		require.Len(t, slices.Compact(names), 600)
		_, total, err := r.Enrolment.Batches.Users(ctx, b.ID, 1)
		require.NoError(t, err)
		require.Equal(t, 600, total)
		members, err := r.Memberships.List(ctx, wispwright.ScopeOf(alpha), radius.MembershipFilter{GroupID: power.ID}, wispwright.Page{Limit: 1})
		require.NoError(t, err)
		require.Equal(t, 600, members.Total, "each is in the group, and in no other")
		for _, pair := range [][2]string{pairs[0], pairs[599]} {
			answer, err := r.Authorizer.Authorize(ctx, radius.Asking{OrganizationID: alpha, Identifier: pair[0], Password: pair[1]})
			require.NoError(t, err)
			require.Equal(t, radius.Accept, answer.Decision)
			answer, err = r.Authorizer.Authorize(ctx, radius.Asking{OrganizationID: alpha, Identifier: pair[0], Password: "wrong"})
			require.NoError(t, err)
			require.Equal(t, radius.Unknown, answer.Decision)
		}
		_, err = r.Enrolment.Batches.Make(ctx, enrol.Order{Here: true, Batch: enrol.Batch{OrganizationID: alpha, Strategy: enrol.ByPrefix, Name: "many", Prefix: "other", Number: 3}})
		require.Error(t, err, "there is one of that name")
		free, err := p.Tenancy().Users.List(ctx, wispwright.ScopeAll(), tenancy.UserFilter{Search: "other"}, wispwright.Page{})
		require.NoError(t, err)
		require.Zero(t, free.Total, "nothing was made")
		require.NoError(t, r.Enrolment.Batches.Delete(ctx, wispwright.ScopeOf(alpha), b.ID))
		left, err := p.Tenancy().Users.List(ctx, wispwright.ScopeAll(), tenancy.UserFilter{Search: "guest"}, wispwright.Page{})
		require.NoError(t, err)
		require.Equal(t, 2, left.Total)
	})
}

// What is remembered of those who come in is forgotten with whatever changes it.
func TestRememberedStandingIsForgotten(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		p := newPortal(t, db, nil)
		r := radiusOf(t, p.Server)
		alpha, err := wispwright.ParseID(p.ids["org_alpha"])
		require.NoError(t, err)
		ask := func(name, password string) *radius.Answer {
			t.Helper()
			answer, err := r.Authorizer.Authorize(t.Context(), radius.Asking{OrganizationID: alpha, Identifier: name, Password: password})
			require.NoError(t, err)
			return answer
		}
		accept := func(name, password string) { t.Helper(); require.Equal(t, radius.Accept, ask(name, password).Decision) }
		refuse := func(name, password string) {
			t.Helper()
			require.Equal(t, radius.Unknown, ask(name, password).Decision)
		}
		user := "/api/v1/users/user/" + p.ids["user_member"] + "/"
		accept("member", "member-Passw0rd")
		accept("member", "member-Passw0rd")
		p.ask("a", "PATCH", user, `{"is_active":false}`, 200)
		refuse("member", "member-Passw0rd")
		p.ask("a", "PATCH", user, `{"is_active":true}`, 200)
		accept("member", "member-Passw0rd")
		p.ask("a", "PATCH", user, `{"username":"renamed"}`, 200)
		refuse("member", "member-Passw0rd")
		accept("renamed", "member-Passw0rd")
		p.ask("a", "PATCH", user, `{"username":"member"}`, 200)
		ctx := wispwright.WithCaller(t.Context(), wispwright.System("test"))
		id, err := wispwright.ParseID(p.ids["user_member"])
		require.NoError(t, err)
		require.NoError(t, p.Tenancy().Users.SetPassword(ctx, wispwright.ScopeAll(), id, "another-Passw0rd"))
		refuse("member", "member-Passw0rd")
		accept("member", "another-Passw0rd")

		groups := user + "radius-group/"
		at := groups + p.ask("a", "GET", groups, "", 200)["results"].([]any)[0].(map[string]any)["id"].(string) + "/"
		made := p.ask("b", "POST", "/api/v1/radius/group/", `{"name":"quick","organization":"`+p.ids["org_alpha"]+`"}`, 201)["id"].(string)
		p.ask("a", "PATCH", at, `{"group":"`+made+`"}`, 200)
		require.Empty(t, ask("member", "another-Passw0rd").Replies)
		reply := p.ask("b", "POST", "/api/v1/radius/group/"+made+"/reply/", `{"attribute":"Filter-Id","op":"=","value":"one"}`, 201)["id"].(string)
		require.Equal(t, "one", ask("member", "another-Passw0rd").Replies[0].Value)
		p.ask("b", "PATCH", "/api/v1/radius/group/"+made+"/reply/"+reply+"/", `{"value":"two"}`, 200)
		require.Equal(t, "two", ask("member", "another-Passw0rd").Replies[0].Value)
		p.ask("b", "PATCH", "/api/v1/radius/group/"+made+"/", `{"name":"slow"}`, 200)
		require.Equal(t, "alpha-slow", ask("member", "another-Passw0rd").Group.Name)
		p.ask("b", "DELETE", "/api/v1/radius/group/"+made+"/", "", 204)
		require.Nil(t, ask("member", "another-Passw0rd").Group)

		members, err := p.Tenancy().Memberships.List(ctx, wispwright.ScopeAll(), tenancy.MembershipFilter{UserID: id, OrganizationID: alpha}, wispwright.Page{})
		require.NoError(t, err)
		require.NoError(t, p.Tenancy().Memberships.Delete(ctx, wispwright.ScopeAll(), members.Rows[0].ID))
		refuse("member", "another-Passw0rd")
	})
}

// Accounts that never proved who they are go, and nobody else.
func TestUnverifiedAccountsAreDeleted(t *testing.T) {
	p := newPortal(t, testkit.SQLite(t), nil)
	r := radiusOf(t, p.Server)
	ctx := wispwright.WithCaller(t.Context(), wispwright.System("test"))
	alpha, err := wispwright.ParseID(p.ids["org_alpha"])
	require.NoError(t, err)
	for name, registration := range map[string]*radius.Registration{
		"gone": {Method: "mobile_phone"}, "proven": {Method: "mobile_phone", IsVerified: true}, "kept": {Method: "email"}, "used": {Method: "mobile_phone"}, "staff": {Method: "mobile_phone"}, "unknown": nil,
	} {
		u := &tenancy.User{Username: name, IsActive: true, IsStaff: name == "staff"}
		require.NoError(t, p.Tenancy().Users.Create(ctx, u, "some-Passw0rd"))
		if registration != nil {
			registration.UserID, registration.OrganizationID = u.ID, alpha
			require.NoError(t, r.Registrations.Create(ctx, registration))
		}
	}
	w := p.send("POST", "accounting/", `{"status_type":"Start","session_id":"s","unique_id":"s","username":"used","nas_ip_address":"127.0.0.1"}`)
	require.Equal(t, 201, w.Code, w.Body)
	n, err := r.Enrolment.DeleteUnverified(ctx, time.Hour, "email")
	require.NoError(t, err)
	require.Zero(t, n, "all are younger")
	n, err = r.Enrolment.DeleteUnverified(ctx, -time.Hour, "email")
	require.NoError(t, err)
	require.Equal(t, 1, n)
	for name, there := range map[string]bool{"gone": false, "proven": true, "kept": true, "used": true, "staff": true, "unknown": true} {
		_, err := p.Tenancy().Users.ByUsername(ctx, wispwright.ScopeAll(), name)
		require.Equal(t, there, err == nil, name)
	}
}
