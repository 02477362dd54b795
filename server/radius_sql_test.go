package server_test

import (
	"fmt"
	"net/url"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/radius"
)

// FreeRADIUS with rlm_sql and Debian's queries decides over our tables by itself, and
// what it writes is ours: sessions, answers, what is left.
func TestFreeRADIUSReadsOurTables(t *testing.T) {
	needFreeRADIUS(t)
	if _, err := os.Stat("/usr/lib/freeradius/rlm_sql_postgresql.so"); err != nil {
		t.Skip("there is no rlm_sql_postgresql: scripts/services start freeradius")
	}
	where := testkit.PostgresURL(t)
	at, err := url.Parse(where)
	require.NoError(t, err)
	f := &freeradius{portal: newPortal(t, testkit.Open(t, where), func(c *settings) { c.Radius.PlainSecrets = true })}
	f.tables = fmt.Sprintf("host=%s port=%s dbname=%s user=%s options='-c search_path=%s'", at.Hostname(), at.Port(), at.Path[1:], at.User.Username(), at.Query().Get("search_path"))
	alpha := f.ids["org_alpha"]
	f.ask("b", "POST", "/api/v1/radius/nas/", `{"name":"127.0.0.1","short_name":"portal","secret":"testing123","organization":"`+alpha+`"}`, 201)
	f.ask("b", "POST", "/api/v1/radius/check/", `{"organization":"`+alpha+`","username":"member","attribute":"Cleartext-Password","op":":=","value":"sql-Passw0rd"}`, 201)
	f.ask("b", "POST", "/api/v1/radius/reply/", `{"organization":"`+alpha+`","username":"member","attribute":"Reply-Message","op":"=","value":"welcome"}`, 201)
	r := radiusOf(t, f.Server)
	groups, err := r.Groups.List(t.Context(), wispwright.ScopeAll(), radius.GroupFilter{Search: "alpha-users"}, wispwright.Page{})
	require.NoError(t, err)
	require.Len(t, groups.Rows, 1)
	f.ask("b", "POST", "/api/v1/radius/group/"+groups.Rows[0].ID.String()+"/reply/", `{"attribute":"Idle-Timeout","op":"=","value":"600"}`, 201)
	f.begin(t)

	out := f.login(t, f.auth, "member", "sql-Passw0rd")
	require.Contains(t, out, "Received Access-Accept", f.log)
	require.Contains(t, out, `Reply-Message = "welcome"`)
	require.Contains(t, out, "Idle-Timeout = 600", "of the group")
	for _, wrong := range [][2]string{{"member", "wrong"}, {"nobody", "sql-Passw0rd"}} {
		out = f.login(t, f.auth, wrong[0], wrong[1])
		require.Contains(t, out, "Received Access-Reject")
		require.NotContains(t, out, "Idle-Timeout = 600")
	}
	answers, err := r.PostAuths.List(t.Context(), wispwright.ScopeAll(), radius.PostAuthFilter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Len(t, answers.Rows, 3)
	for _, a := range answers.Rows {
		if a.Reply == "Access-Accept" {
			require.Empty(t, a.Password, "one that was right is not kept")
		}
		if a.Username == "member" {
			require.Equal(t, alpha, a.OrganizationID.String())
		}
	}

	s := f.account(t, "Start", "35000006", "")
	require.Equal(t, []any{true, alpha}, []any{s.IsOpen(), s.OrganizationID.String()})
	s = f.account(t, "Interim-Update", "35000006", ",Acct-Session-Time=261,Acct-Input-Octets=9900909,Acct-Output-Octets=7,Acct-Output-Gigawords=2")
	require.Equal(t, []int64{261, 9900909, 2<<32 + 7}, []int64{*s.SessionTime, *s.InputOctets, *s.OutputOctets})
	f.account(t, "Interim-Update", "35000006", ",Acct-Session-Time=300,Acct-Input-Octets=1000,Acct-Output-Octets=7")
	w := f.send("POST", "authorize/", `{"username":"member","password":"member-Passw0rd"}`)
	require.Contains(t, w.Body.String(), `"Session-Timeout":10500`, "our counters read what FreeRADIUS wrote")
	s = f.account(t, "Stop", "35000006", ",Acct-Session-Time=300,Acct-Terminate-Cause=User-Request,Framed-IP-Address=10.0.0.9,Acct-Input-Octets=1000,Acct-Output-Octets=7")
	require.Equal(t, []any{false, "User-Request"}, []any{s.IsOpen(), *s.TerminateCause})
	sessions := f.ask("b", "GET", "/api/v1/radius/accounting/", "", 200)
	require.Equal(t, 1.0, sessions["count"], "the organization's people see it")
}
