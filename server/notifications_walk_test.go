package server_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/rest/resttest"
	"github.com/wispwright/wispwright/tenancy"
)

// Every operation on notifications, preferences, silences and webhooks, as the
// manager of another organization who holds every permission there is; and each
// answer against the API's own document.
func TestWallsAroundNotifications(t *testing.T) {
	s := newServer(t, testkit.SQLite(t), func(c *settings) { c.Notifications.WebhookNetworks = []string{"127.0.0.0/8"} })
	require.NoError(t, s.LoadData(t.Context(), strings.NewReader(recordedData(t))))
	require.NoError(t, s.Start(t.Context()))
	ids := identifiers(t, s)
	for _, name := range []string{"Administrator"} {
		groups, err := s.Tenancy().Groups.List(t.Context(), wispwright.ScopeAll(), tenancy.GroupFilter{}, wispwright.Page{})
		require.NoError(t, err)
		for _, g := range groups.Rows {
			if g.Name != name {
				continue
			}
			_, err := s.Tenancy().Groups.Update(t.Context(), wispwright.ScopeAll(), g.ID, func(g *tenancy.Group) error {
				g.Permissions = nil
				for _, p := range s.Tenancy().Groups.Catalogue().All() {
					g.Permissions = append(g.Permissions, p.Permission)
				}
				return nil
			})
			require.NoError(t, err)
		}
	}
	made := func(text string) (o struct{ ID string }) {
		t.Helper()
		require.NoError(t, json.Unmarshal([]byte(text), &o), text)
		return o
	}
	first := func(path string) string {
		t.Helper()
		var list struct{ Results []struct{ ID string } }
		require.NoError(t, json.Unmarshal(told(t, s, "b", "GET", path, "").Body.Bytes(), &list))
		require.NotEmpty(t, list.Results, path)
		return list.Results[0].ID
	}
	const base = "/api/v1/notifications/"
	device := register(t, s, "00:11:22:33:44:55")
	idle(t, s)
	notification := first(base + "notification/")
	own, mine := first(base+"notification/user-setting/"), first(base+"user/user-setting/")
	of := first(base + "user/" + ids["user_operator"] + "/user-setting/?organization=" + ids["org_alpha"])
	silence := base + "notification/ignore/config/device/" + device + "/"
	require.Equal(t, 201, told(t, s, "b", "PUT", silence, `{}`).Code)
	hook := made(told(t, s, "b", "POST", base+"webhook/", `{"organization":"`+ids["org_alpha"]+`","name":"alphasecret","url":"http://127.0.0.1:9/alphasecret","room":"alphasecret","events":["*"]}`).Body.String()).ID
	at := base + "webhook/" + hook + "/"
	delivery := made(told(t, s, "b", "POST", at+"test/", "").Body.String()).ID

	skip := map[string]string{}
	for _, path := range s.API().Paths() {
		if !strings.HasPrefix(path, base) {
			skip[path] = "its own package walks there"
		}
	}
	var document struct{ Paths map[string]any }
	require.NoError(t, json.Unmarshal(get(s, "/api/v1/openapi.json", with(strings.Repeat("a", 40))).Body.Bytes(), &document))
	for path := range document.Paths {
		if !strings.HasPrefix(path, base) {
			skip[path] = "its own package walks there"
		}
	}
	(&resttest.Walk{
		API: s.API(), Owner: "Bearer " + strings.Repeat("b", 40), Stranger: "Bearer " + strings.Repeat("e", 40),
		Marks: []string{"alphasecret", "00:11:22:33:44:55"}, IDs: []string{ids["org_alpha"], notification, own, of, hook, delivery, device}, Skip: skip,
		Open: map[string]string{base + "notification/ignore/{app_label}/{model_name}/{object_id}/": "silences are one's own, of whatever object: TestNotificationsOnTheWire"},
		Objects: map[string]string{
			base + "notification/{id}/":                               base + "notification/" + notification + "/",
			base + "notification/user-setting/{id}/":                  base + "notification/user-setting/" + own + "/",
			base + "user/user-setting/{id}/":                          base + "user/user-setting/" + mine + "/",
			base + "user/{user}/user-setting/":                        base + "user/" + ids["user_operator"] + "/user-setting/",
			base + "user/{user}/user-setting/{id}/":                   base + "user/" + ids["user_operator"] + "/user-setting/" + of + "/",
			base + "user/{user}/organization/{organization}/setting/": base + "user/" + ids["user_operator"] + "/organization/" + ids["org_alpha"] + "/setting/",
			base + "organization/{organization}/setting/":             base + "organization/" + ids["org_alpha"] + "/setting/",
			base + "webhook/{id}/":                                    at,
			base + "webhook/{id}/test/":                               at + "test/",
			base + "webhook/{id}/resume/":                             at + "resume/",
			base + "webhook/{id}/rotate/":                             at + "rotate/",
			base + "webhook/{id}/delivery/":                           at + "delivery/",
			base + "webhook/{id}/delivery/{delivery}/":                at + "delivery/" + delivery + "/",
			base + "webhook/{id}/delivery/{delivery}/redeliver/":      at + "delivery/" + delivery + "/redeliver/",
		},
	}).Run(t)

	// what is answered is what the document says
	recorder := resttest.Record(t, s.API())
	ask := func(who, method, path, body string) {
		r, err := http.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
		require.NoError(t, err)
		r.RemoteAddr = "127.0.0.1:1"
		r.Header.Set("Authorization", "Bearer "+strings.Repeat(who, 40))
		r.Header.Set("Content-Type", "application/json")
		recorder.ServeHTTP(discard{http.Header{}}, r)
	}
	for _, path := range []string{
		"notification/", "notification/?level=error", "notification/?timestamp__gte=x", "notification/" + notification + "/", "notification/user-setting/", "notification/user-setting/?type=zzz",
		"notification/user-setting/" + own + "/", "user/user-setting/", "user/user-setting/" + mine + "/", "user/" + ids["user_operator"] + "/user-setting/", "user/" + ids["user_admin"] + "/user-setting/",
		"organization/" + ids["org_alpha"] + "/setting/", "organization/" + ids["org_beta"] + "/setting/", "notification/ignore/", strings.TrimPrefix(silence, base),
		"webhook/", "webhook/?format=fax", "webhook/" + hook + "/", "webhook/" + delivery + "/", "webhook-event/", "webhook/" + hook + "/delivery/", "webhook/" + hook + "/delivery/?state=x", "webhook/" + hook + "/delivery/" + delivery + "/",
	} {
		for _, who := range []string{"a", "b", "d", "e", "x"} {
			ask(who, "GET", base+path, "")
		}
	}
	for path, body := range map[string]string{
		"notification/" + notification + "/": `{}`, "notification/user-setting/" + own + "/": `{"web":false}`, "user/user-setting/" + mine + "/": `{"web":"x"}`, "organization/" + ids["org_alpha"] + "/setting/": `{"email":null}`,
		"webhook/" + hook + "/": `{"name":"renamed","events":["device.added"]}`,
	} {
		ask("b", "PATCH", base+path, body)
		ask("d", "PATCH", base+path, body)
	}
	for path, body := range map[string]string{
		"notification/read/": "", "webhook/": `{"organization":"` + ids["org_alpha"] + `","name":"n","url":"http://10.0.0.1","events":[]}`, "webhook/" + hook + "/test/": "", "webhook/" + hook + "/rotate/": "",
		"webhook/" + hook + "/delivery/" + delivery + "/redeliver/": "", "user/" + ids["user_operator"] + "/organization/" + ids["org_alpha"] + "/setting/": `{"web":true}`,
	} {
		ask("b", "POST", base+path, body)
	}
	ask("b", "PUT", silence, `{"valid_till":"2127-01-01T00:00:00Z"}`)
	for _, path := range []string{silence, base + "notification/" + notification + "/", at} {
		ask("b", "DELETE", path, "")
	}
}

// discard is for answers that only a recorder looks at.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}
