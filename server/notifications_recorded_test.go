package server_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/internal/replay"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/notifications"
	"github.com/wispwright/wispwright/server"
)

// The recording of one notification's life, of preferences and of silences. What
// was sent by a program there is sent by the test here.
func TestRecordedNotifications(t *testing.T) {
	scenario := replay.Load(t, "notifications", "rest.json")
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		s := newServer(t, db, func(c *settings) {
			c.Tenancy.SiteURL, c.Notifications.BatchInterval = "http://example.com", 0
		})
		require.NoError(t, s.LoadData(t.Context(), strings.NewReader(strings.NewReplacer("alpha", "org1", "beta", "org2").Replace(recordedData(t)))))
		root := strings.Repeat("a", 40)
		vars := map[string]string{}
		for _, slug := range []string{"org1", "org2"} {
			o, err := s.Tenancy().Organizations.BySlug(t.Context(), wispwright.ScopeAll(), slug)
			require.NoError(t, err)
			vars["org_"+slug] = o.ID.String()
		}
		admin, err := s.Tenancy().Users.ByUsername(t.Context(), wispwright.ScopeAll(), "admin")
		require.NoError(t, err)
		vars["user_admin"] = admin.ID.String()
		id := func(o map[string]any) string { text, _ := o["id"].(string); return text }
		device := id(as(t, s, "a", "POST", "/api/v1/controller/device/", `{"name":"dev1","organization":"`+vars["org_org1"]+`","mac_address":"02:00:00:00:00:01",
			"config":{"backend":"netjsonconfig.OpenWrt","templates":[],"context":{},"config":{}}}`, 201))
		vars["dev1"] = device
		shared := id(as(t, s, "a", "POST", "/api/v1/controller/credential/", `{"name":"shared1","organization":null,"connector":"`+connection.ConnectorSSH+`","params":{"username":"root","password":"secret"}}`, 201))
		link := id(as(t, s, "a", "POST", "/api/v1/controller/device/"+device+"/connection/", `{"credentials":"`+shared+`"}`, 201))
		told, ok := server.Find[*server.NotificationsConcern](s.Concerns())
		require.True(t, ok)
		target, actor := notifications.Ref{Kind: "config.device", ID: device}, notifications.Ref{Kind: "openwisp_users.user", ID: admin.ID.String()}
		require.NoError(t, told.Notify(t.Context(), notifications.Event{Type: "connection_is_not_working", Target: target,
			Actor: notifications.Ref{Kind: "connection.deviceconnection", ID: link},
			Data:  map[string]any{"credentials": "shared1 (SSH)", "failure_reason": "timed out"}}))

		const inherited, zone = "what is the wider choice anyway is stored as none", "the recorded server's zone was another"
		p := &replay.Player{Handler: fromLoopback(s), Vars: vars, Token: func(user string) string {
			return strings.Repeat(map[string]string{"superuser": "a", "operator of org1": "c", "member of org1": "d"}[user], len(root))
		}, Additive: []string{"organization_name", "web_inherited", "email_inherited"}, Free: []string{"emailed"},
			Skip: map[int]string{35: "nothing is sent without a type", 36: "nothing is sent without a type"},
			Deviations: map[int][]replay.Deviation{
				1:  {instead("body.data", map[string]any{"credentials": "shared1 (SSH)", "failure_reason": "timed out"}, "what a message is made of can be read")},
				8:  {instead("body.count", 3*len(typesToChoose(t, s)), "types of what is not here are not listed"), instead("body.results", replay.Anything, "as the count")},
				14: {instead("body.web", nil, inherited)},
				15: {instead("body.web", nil, inherited)},
				18: {instead("body.deleted", false, "a line is there as long as the user manages the organization (decision 0027)")},
				20: {instead("body.valid_till", "2027-01-01T00:00:00Z", zone)},
				21: {instead("body.valid_till", "2027-01-01T00:00:00Z", zone)},
			},
			Seen: func(t *testing.T, e *replay.Exchange, _ *http.Request, _ *httptest.ResponseRecorder) {
				if e.N != 32 {
					return
				}
				require.NoError(t, told.Notify(t.Context(), notifications.Event{Type: notifications.GenericMessage, Actor: actor, Target: target, Level: notifications.Error, Description: "**desc** {notification.target}",
					Data: map[string]any{"message": "Hi [{notification.actor}]({notification.actor_link}) {foo}", "foo": "bar", "url": "https://u/"}}))
			}}
		r := p.Play(t, scenario)
		require.Zero(t, r.Different)
		t.Logf("%d played, %d equal, %d excepted, %d skipped", r.Played, r.Equal, r.Excepted, r.Skipped)
	})
}
