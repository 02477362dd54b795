package server_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/notifications/webhooks"
	"github.com/wispwright/wispwright/tenancy"
)

// inboxOf is a receiver of webhooks that keeps the names of what it is told.
type inboxOf struct {
	*httptest.Server
	mu     sync.Mutex
	secret wispwright.Secret
	events []string
	wrong  []error
}

func newInbox(t *testing.T) *inboxOf {
	t.Helper()
	in := &inboxOf{}
	in.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		var e struct{ Type string }
		err := json.Unmarshal(text, &e)
		in.mu.Lock()
		defer in.mu.Unlock()
		if err == nil {
			err = webhooks.Verify(in.secret, r.Header, text, time.Now())
		}
		if err != nil {
			in.wrong = append(in.wrong, err)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		in.events = append(in.events, strings.TrimPrefix(e.Type, webhooks.TypePrefix))
	}))
	t.Cleanup(in.Close)
	return in
}

func (in *inboxOf) got() ([]string, []error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	return append([]string{}, in.events...), append([]error{}, in.wrong...)
}

const hooksPath = "/api/v1/notifications/webhook/"

// Webhooks over REST, with permissions and the walls between organizations, and
// what they are told of what happens.
func TestWebhooks(t *testing.T) {
	const root, manager, operator, member, beta = "a", "b", "c", "d", "e"
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		s := filled(t, db, func(c *settings) {
			c.Notifications.WebhookNetworks = []string{"127.0.0.0/8"}
		})
		ids := identifiers(t, s)
		in := newInbox(t)
		status := func(want int, who, method, path, body string) string {
			t.Helper()
			w := told(t, s, who, method, path, body)
			require.Equal(t, want, w.Code, "%s %s: %s", method, path, w.Body)
			return w.Body.String()
		}
		body := func(organization, name string) string {
			return `{"organization":` + organization + `,"name":"` + name + `","url":"` + in.URL + `/path-that-is-a-secret","token":"a-token-of-it","events":["device.registered","notification.device_registered","configuration.failed","membership.added"]}`
		}
		alpha := `"` + ids["org_alpha"] + `"`
		status(401, "", "GET", hooksPath, "")
		status(403, member, "GET", hooksPath, "")
		status(403, operator, "POST", hooksPath, body(alpha, "n"))
		status(400, beta, "POST", hooksPath, body(alpha, "n"))
		status(400, manager, "POST", hooksPath, body("null", "n"))
		status(400, manager, "POST", hooksPath, strings.Replace(body(alpha, "n"), "device.registered", "no.such", 1))
		status(400, manager, "POST", hooksPath, strings.Replace(body(alpha, "n"), "http://", "ftp://", 1))
		status(400, manager, "POST", hooksPath, `{"name":"x"}`)
		var made struct{ ID, Secret, URL string }
		text := status(201, manager, "POST", hooksPath, body(alpha, "n"))
		require.NoError(t, json.Unmarshal([]byte(text), &made))
		require.True(t, strings.HasPrefix(made.Secret, "whsec_"), text)
		require.NotContains(t, text, "secret\":null")
		in.secret = wispwright.Secret(made.Secret)
		status(400, manager, "POST", hooksPath, body(alpha, "n"))
		one := hooksPath + made.ID + "/"
		for _, text := range []string{status(200, manager, "GET", one, ""), status(200, operator, "GET", hooksPath, "")} {
			require.Contains(t, text, in.URL+"/…")
			require.NotContains(t, text, "path-that-is-a-secret")
			require.NotContains(t, text, "a-token-of-it")
			require.NotContains(t, text, made.Secret)
		}
		// what an answer shows of the address changes nothing when it comes back
		status(200, manager, "PATCH", one, `{"url":"`+in.URL+`/…","name":"m"}`)
		for _, path := range []string{one, one + "delivery/"} {
			status(404, beta, "GET", path, "")
		}
		for _, path := range []string{one + "test/", one + "rotate/", one + "resume/"} {
			status(404, beta, "POST", path, "")
			status(403, operator, "POST", path, "")
			status(403, member, "POST", path, "")
		}
		status(404, beta, "PATCH", one, `{"name":"z"}`)
		status(404, beta, "DELETE", one, "")
		require.Contains(t, status(200, manager, "GET", "/api/v1/notifications/webhook-event/", ""), `"device.registered"`)

		// that of the installation is not seen by managers
		whole := status(201, root, "POST", hooksPath, body("null", "all"))
		var all struct{ ID string }
		require.NoError(t, json.Unmarshal([]byte(whole), &all))
		status(404, manager, "GET", hooksPath+all.ID+"/", "")
		require.Contains(t, status(200, manager, "GET", hooksPath, ""), `"count":1`)
		// neither is what was done with it, also by those who may read the trail
		_, err := s.Tenancy().Groups.Update(t.Context(), wispwright.ScopeAll(), 2, func(g *tenancy.Group) error {
			g.Permissions = append(g.Permissions, "audit.view_event")
			return nil
		})
		require.NoError(t, err)
		trail := "/api/v1/audit/event/?kind=openwisp_notifications.webhook&object_id="
		require.Contains(t, status(200, manager, "GET", trail+made.ID, ""), `"count":2`)
		require.Contains(t, status(200, manager, "GET", trail+all.ID, ""), `"count":0`)
		require.Contains(t, status(200, root, "GET", trail+all.ID, ""), `"count":1`)
		require.NotContains(t, status(200, root, "GET", trail+made.ID, ""), "path-that-is-a-secret")
		status(204, root, "DELETE", hooksPath+all.ID+"/", "")

		// it hears of what happens
		device := register(t, s, "00:11:22:33:44:55")
		idle(t, s)
		events, wrong := in.got()
		require.Empty(t, wrong)
		require.ElementsMatch(t, []string{"device.registered", "notification.device_registered"}, events)
		log := status(200, operator, "GET", one+"delivery/?state=delivered&event=device.registered", "")
		require.Contains(t, log, `"count":1`)
		require.Contains(t, log, device)
		require.NotContains(t, log, "path-that-is-a-secret")
		status(400, manager, "GET", one+"delivery/?state=x", "")
		var list struct{ Results []struct{ ID string } }
		require.NoError(t, json.Unmarshal([]byte(log), &list))
		delivery := one + "delivery/" + list.Results[0].ID + "/"
		require.Contains(t, status(200, manager, "GET", delivery, ""), "Webhook-Id")
		status(404, beta, "GET", delivery, "")
		status(404, beta, "POST", delivery+"redeliver/", "")
		status(403, operator, "POST", delivery+"redeliver/", "")
		status(404, root, "GET", one+"delivery/"+made.ID+"/", "")
		status(201, manager, "POST", delivery+"redeliver/", "")
		status(201, manager, "POST", one+"test/", "")
		idle(t, s)
		events, wrong = in.got()
		require.Empty(t, wrong)
		require.ElementsMatch(t, []string{"device.registered", "notification.device_registered", "device.registered", "webhook.test"}, events)

		require.Contains(t, status(200, manager, "POST", one+"resume/", ""), `"paused":null`)

		// a new secret, which is shown once
		rotated := status(200, manager, "POST", one+"rotate/", "")
		require.Contains(t, rotated, "whsec_")
		require.NotContains(t, rotated, made.Secret)
		require.NotContains(t, status(200, manager, "GET", one, ""), "whsec_")

		// it goes with its organization, whose end it is not told
		status(200, manager, "PATCH", one, `{"events":["*"]}`)
		idle(t, s)
		status(204, root, "DELETE", "/api/v1/users/organization/"+ids["org_alpha"]+"/", "")
		var n int
		n, err = sqlstore.Get[int](t.Context(), db, "SELECT count(*) FROM webhook")
		require.NoError(t, err)
		require.Zero(t, n)
		n, err = sqlstore.Get[int](t.Context(), db, "SELECT count(*) FROM webhook_delivery")
		require.NoError(t, err)
		require.Zero(t, n)
	})
}
