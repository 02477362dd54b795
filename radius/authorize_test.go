package radius_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/counters"
	"github.com/wispwright/wispwright/radius/radiustest"
)

func ask(t *testing.T, w *radiustest.World, name, password string) *radius.Answer {
	t.Helper()
	answer, err := w.Authorizer.Authorize(ctx, radius.Asking{OrganizationID: w.Alpha, Identifier: name, Password: password})
	require.NoError(t, err)
	return answer
}

// limits gives the group of ann checks and replies, and takes those away it had.
func limits(t *testing.T, w *radiustest.World, checks, replies [][3]string) {
	t.Helper()
	g, err := w.Groups.Default(ctx, w.Alpha)
	require.NoError(t, err)
	_, err = w.GroupChecks.DeleteAll(ctx, everywhere(), radius.GroupAttributeFilter{GroupID: g.ID})
	require.NoError(t, err)
	_, err = w.GroupReplies.DeleteAll(ctx, everywhere(), radius.GroupAttributeFilter{GroupID: g.ID})
	require.NoError(t, err)
	for _, c := range checks {
		require.NoError(t, w.GroupChecks.Create(ctx, &radius.GroupAttribute{GroupID: g.ID, Attribute: c[0], Op: c[1], Value: c[2]}))
	}
	for _, r := range replies {
		require.NoError(t, w.GroupReplies.Create(ctx, &radius.GroupAttribute{GroupID: g.ID, Attribute: r[0], Op: r[1], Value: r[2]}))
	}
}

func TestWhoComesIn(t *testing.T) {
	w := radiustest.New(t, memory(t), nil)
	ann := w.Accounts[0]
	for name, tt := range map[string]struct {
		identifier, password string
		want                 radius.Decision
	}{
		"username":             {"ann", "ann", radius.Accept},
		"e-mail in any case":   {"aNN@example.org", "ann", radius.Accept},
		"telephone":            {"+393661236789", "ann", radius.Accept},
		"wrong password":       {"ann", "bob", radius.Unknown},
		"spaces count":         {"ann", " ann ", radius.Unknown},
		"nobody":               {"nobody", "nobody", radius.Unknown},
		"another organization": {"eve", "eve", radius.Unknown},
		"empty":                {"", "", radius.Unknown},
	} {
		require.Equal(t, tt.want, ask(t, w, tt.identifier, tt.password).Decision, name)
	}
	ann.PasswordExpired = true
	require.Equal(t, radius.Unknown, ask(t, w, "ann", "ann").Decision, "expired")
	ann.PasswordExpired, ann.IsActive = false, false
	require.Equal(t, radius.Unknown, ask(t, w, "ann", "ann").Decision, "switched off")
	roamed, err := w.Authorizer.Authorize(ctx, radius.Asking{OrganizationID: w.Alpha, Identifier: "bob", Password: "x", Roamed: true})
	require.NoError(t, err)
	require.Equal(t, radius.Accept, roamed.Decision)
}

func TestVerification(t *testing.T) {
	w := radiustest.New(t, memory(t), &radius.Options{Defaults: radius.Defaults{NeedsVerification: true},
		Methods: append(radius.DefaultMethods(), radius.Method{Name: "bank_card", AuthorizeUnverified: true})})
	ann := w.Accounts[0].ID
	require.Equal(t, radius.Unknown, ask(t, w, "ann", "ann").Decision, "no registration")
	r := &radius.Registration{UserID: ann, OrganizationID: w.Beta, Method: "email", IsVerified: true}
	require.NoError(t, w.Registrations.Create(ctx, r))
	require.Equal(t, radius.Unknown, ask(t, w, "ann", "ann").Decision, "verified elsewhere")
	mine := &radius.Registration{UserID: ann, OrganizationID: w.Alpha, Method: radius.Pending, IsVerified: true}
	require.NoError(t, w.Registrations.Create(ctx, mine))
	for _, tt := range []struct {
		method   string
		verified bool
		want     radius.Decision
		strong   bool
	}{
		{radius.Pending, true, radius.Unknown, false}, {"email", true, radius.Accept, false}, {"", false, radius.Unknown, false},
		{"bank_card", false, radius.Accept, false}, {"mobile_phone", true, radius.Accept, true}, {"mobile_phone", false, radius.Unknown, false},
	} {
		after, err := w.Registrations.Update(ctx, everywhere(), mine.ID, func(r *radius.Registration) error { r.Method, r.IsVerified = tt.method, tt.verified; return nil })
		require.NoError(t, err)
		require.Equal(t, tt.want, ask(t, w, "ann", "ann").Decision, tt.method)
		require.Equal(t, tt.strong, after.IsStrong(w.Registrations.Methods()), tt.method)
	}
	require.ErrorContains(t, w.Registrations.Create(ctx, &radius.Registration{UserID: ann, OrganizationID: w.Alpha, Method: "palm"}), "not a valid choice")
}

func TestTokens(t *testing.T) {
	w := radiustest.New(t, memory(t), nil)
	ann, eve := w.Accounts[0], w.Accounts[2]
	k, err := w.Tokens.Issue(ctx, ann, w.Alpha, true, true)
	require.NoError(t, err)
	require.Len(t, k.Key.Reveal(), 40)
	require.Equal(t, radius.Accept, ask(t, w, "ann", k.Key.Reveal()).Decision)
	require.Equal(t, radius.Unknown, ask(t, w, "ann", k.Key.Reveal()).Decision, "once")
	require.Equal(t, radius.Accept, ask(t, w, "ann", "ann").Decision, "the password stays good")
	home, err := w.Tokens.Home(ctx, "ann@example.org")
	require.NoError(t, err)
	require.Equal(t, w.Alpha, home)
	_, err = w.Tokens.Home(ctx, "bob")
	require.ErrorIs(t, err, wispwright.ErrNotFound)

	unreleased, err := w.Tokens.Issue(ctx, ann, w.Alpha, false, false)
	require.NoError(t, err)
	require.NotEqual(t, k.Key, unreleased.Key)
	require.Equal(t, false, *unreleased.PasswordBased)
	require.Equal(t, radius.Unknown, ask(t, w, "ann", unreleased.Key.Reveal()).Decision)

	visitor, err := w.Tokens.Issue(ctx, eve, w.Alpha, true, true)
	require.NoError(t, err)
	require.Equal(t, radius.Accept, ask(t, w, "eve", visitor.Key.Reveal()).Decision, "a token makes up for the membership")

	open, err := w.Tokens.Issue(ctx, ann, w.Alpha, true, true)
	require.NoError(t, err)
	w.Report(t, radius.Start, "one", "ann", "d")
	w.Report(t, radius.Stop, "one", "ann", "d")
	require.Equal(t, radius.Unknown, ask(t, w, "ann", open.Key.Reveal()).Decision, "the end of a session takes it back")
	w.Report(t, radius.Start, "two", "ann", "d")
	_, err = w.Tokens.Issue(ctx, ann, w.Beta, true, true)
	require.NoError(t, err)
	require.Equal(t, "NAS_Request", *w.Session(t, "two").TerminateCause, "who goes elsewhere leaves")

	lasting := radiustest.New(t, memory(t), &radius.Options{LastingTokens: true})
	k, err = lasting.Tokens.Issue(ctx, lasting.Accounts[0], lasting.Alpha, true, true)
	require.NoError(t, err)
	again, err := lasting.Tokens.Issue(ctx, lasting.Accounts[0], lasting.Alpha, true, true)
	require.NoError(t, err)
	require.Equal(t, k.Key, again.Key)
	for range 2 {
		require.Equal(t, radius.Accept, ask(t, lasting, "ann", k.Key.Reveal()).Decision)
	}
}

func TestReplies(t *testing.T) {
	w := radiustest.New(t, memory(t), nil)
	counted := func(name string, n int64) radius.Reply { return radius.Reply{Name: name, Number: n, Counted: true} }
	group := func(name, op, value string) radius.Reply { return radius.Reply{Name: name, Op: op, Value: value} }
	for name, tt := range map[string]struct {
		checks, replies [][3]string
		want            []radius.Reply
		decision        radius.Decision
	}{
		"the lower one wins": {[][3]string{{"Max-Daily-Session", ":=", "7200"}}, [][3]string{{"Session-Timeout", "=", "3600"}, {"Class", "+=", "vip"}},
			[]radius.Reply{group("Class", "+=", "vip"), group("Session-Timeout", "=", "3600")}, radius.Accept},
		"of either":        {[][3]string{{"Max-Daily-Session", ":=", "3000"}}, [][3]string{{"Session-Timeout", "=", "3600"}}, []radius.Reply{counted("Session-Timeout", 3000)}, radius.Accept},
		"no number":        {[][3]string{{"Max-Daily-Session", ":=", "3000"}}, [][3]string{{"Session-Timeout", "=", "broken"}}, []radius.Reply{counted("Session-Timeout", 3000)}, radius.Accept},
		"broken limit":     {[][3]string{{"Max-Daily-Session", ":=", "broken"}}, nil, nil, radius.Accept},
		"two for one":      {[][3]string{{counters.TrafficCheck, ":=", "500"}, {"Max-Monthly-Session-Traffic", ":=", "400"}}, nil, []radius.Reply{counted(counters.TrafficReply, 400)}, radius.Accept},
		"more than 32 bit": {[][3]string{{counters.TrafficCheck, ":=", "10101010101"}}, nil, []radius.Reply{counted("CoovaChilli-Max-Total-Gigawords", 2), counted(counters.TrafficReply, 10101010101)}, radius.Accept},
		"lowered below":    {[][3]string{{counters.TrafficCheck, ":=", "10101010101"}, {"Max-Monthly-Session-Traffic", ":=", "7"}}, nil, []radius.Reply{counted(counters.TrafficReply, 7)}, radius.Accept},
		"nothing left":     {[][3]string{{"Max-Daily-Session", ":=", "0"}}, [][3]string{{"Class", "=", "x"}}, []radius.Reply{group("Class", "=", "x"), {Name: "Reply-Message", Value: counters.QuotaReached}}, radius.Exhausted},
		"with its own words": {[][3]string{{counters.TrafficCheck, ":=", "5"}, {"Max-Daily-Session", ":=", "0"}}, [][3]string{{"Reply-Message", "=", "enough"}},
			[]radius.Reply{group("Reply-Message", "=", "enough")}, radius.Exhausted},
		"unknown checks": {[][3]string{{"Anything", ":=", "0"}}, nil, nil, radius.Accept},
	} {
		t.Run(name, func(t *testing.T) {
			limits(t, w, tt.checks, tt.replies)
			answer := ask(t, w, "ann", "ann")
			require.Equal(t, tt.decision, answer.Decision)
			require.ElementsMatch(t, tt.want, answer.Replies)
		})
	}
	answer, err := w.Authorizer.Authorize(ctx, radius.Asking{OrganizationID: w.Beta, Identifier: "ann", Password: "ann"})
	require.NoError(t, err)
	require.Equal(t, radius.Unknown, answer.Decision)
}

// broken is a counter that fails.
type broken struct{ counters.Quota }

func (broken) Left(context.Context, counters.Question) ([]int64, error) {
	return nil, errors.New("broken")
}

func TestABrokenCounterIsSkipped(t *testing.T) {
	w := radiustest.New(t, memory(t), &radius.Options{Counters: append([]counters.Counter{broken{}}, counters.Defaults("", "Other-Reply")...)})
	answer := ask(t, w, "ann", "ann")
	require.Equal(t, radius.Accept, answer.Decision)
	require.Len(t, answer.Replies, 2)
	require.Equal(t, "Other-Reply", answer.Replies[1].Name)
	none := radiustest.New(t, memory(t), &radius.Options{Counters: []counters.Counter{}})
	require.Empty(t, ask(t, none, "ann", "ann").Replies)
}

func TestSimultaneousUse(t *testing.T) {
	w := radiustest.New(t, memory(t), nil)
	limits(t, w, [][3]string{{"Simultaneous-Use", ":=", "1"}}, [][3]string{{"Class", "=", "x"}})
	require.Equal(t, radius.Accept, ask(t, w, "ann", "ann").Decision)
	w.Report(t, radius.Start, "one", "ann", "d")
	answer := ask(t, w, "ann", "ann")
	require.Equal(t, radius.Busy, answer.Decision)
	require.Equal(t, []radius.Reply{{Name: "Class", Op: "=", Value: "x"}, {Name: "Reply-Message", Value: "You are already logged in - access denied"}}, answer.Replies)
	same, err := w.Authorizer.Authorize(ctx, radius.Asking{OrganizationID: w.Alpha, Identifier: "ann", Password: "ann", CalledStationID: "00-11-22-33-44-55:net", CallingStationID: "d"})
	require.NoError(t, err)
	require.Equal(t, radius.Accept, same.Decision, "the very same device at the same place")
	for _, value := range []string{"0", "-1", "many"} {
		limits(t, w, [][3]string{{"Simultaneous-Use", ":=", value}}, nil)
		require.Equal(t, radius.Accept, ask(t, w, "ann", "ann").Decision, value)
	}
	off := radiustest.New(t, memory(t), &radius.Options{NoSimultaneousUse: true})
	limits(t, off, [][3]string{{"Simultaneous-Use", ":=", "1"}}, nil)
	off.Report(t, radius.Start, "one", "ann", "d")
	require.Equal(t, radius.Accept, ask(t, off, "ann", "ann").Decision)
}

func TestUsage(t *testing.T) {
	w := radiustest.New(t, memory(t), nil)
	w.Report(t, radius.Stop, "one", "ann", "d", 261, 1_500_000_000, 2_000_000_000)
	limits(t, w, [][3]string{{"Max-Daily-Session", ":=", "10800"}, {counters.TrafficCheck, ":=", "3000000000"}, {"Max-Monthly-Session-Traffic", ":=", "broken"}, {"Other", ":=", "1"}}, nil)
	usage, err := w.Authorizer.Usage(ctx, w.Accounts[0], w.Alpha)
	require.NoError(t, err)
	require.Len(t, usage, 3)
	require.Equal(t, []any{int64(261), "seconds"}, []any{*usage[0].Used, usage[0].Unit})
	require.Equal(t, []any{int64(3_000_000_000), "bytes"}, []any{*usage[1].Used, usage[1].Unit}, "no more than the limit")
	require.Nil(t, usage[2].Used)
	_, err = w.Authorizer.Usage(ctx, w.Accounts[0], w.Beta)
	require.ErrorIs(t, err, wispwright.ErrNotFound)
}
