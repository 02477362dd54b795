package server_test

import (
	"encoding/json"
	"fmt"
	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/notifications"
	"github.com/wispwright/wispwright/notifications/webhooks"
	"net/http/httptest"
	"net/mail"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/replay"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server"
)

// notificationDeviations: the list has the types of the concerns there are, and
// what follows is done with the one of them that is there.
func notificationDeviations(chosen []string) map[int][]replay.Deviation {
	const others, inherited = "types of concerns that are not here, and those that cannot be chosen, are not listed", "what is the wider choice anyway is stored as none"
	line := func(id, typ, organization string) map[string]any {
		return map[string]any{"id": "{" + id + "}", "type": typ, "web": nil, "email": nil, "deleted": false, "organization": "{org_" + organization + "}"}
	}
	// the types there are, by name; those that were recorded keep their ids
	fresh := 900
	types := func(organization, failed, registered string) (all []any) {
		for _, typ := range chosen {
			id := map[string]string{"config_error": failed, "device_registered": registered}[typ]
			if id == "" {
				fresh++
				id = fmt.Sprint("uuid", fresh)
			}
			all = append(all, line(id, typ, organization))
		}
		return all
	}
	// a page has twenty; the links of the recording are those of its own number
	page := func(lines []any, recorded bool) []replay.Deviation {
		out := []replay.Deviation{instead("body.count", len(lines), others), instead("body.results", lines[:min(20, len(lines))], others)}
		switch {
		case len(lines) <= 20 && recorded:
			out = append(out, instead("body.next", nil, others))
		case len(lines) > 20 && !recorded:
			out = append(out, instead("body.next", "http://example.com/api/v1/notifications/notification/user-setting/?page=2", others))
		}
		return out
	}
	return map[int][]replay.Deviation{
		22: page(slices.Concat(types("alpha", "uuid9", "uuid7"), types("beta", "uuid16", "uuid19"), types("default", "uuid23", "uuid26")), true),
		23: page(types("alpha", "uuid29", "uuid32"), false),
		27: {instead("body.type", "device_registered", others)},
		28: {instead("body.type", "device_registered", others)},
		29: {instead("body.type", "device_registered", others), instead("body.web", nil, inherited)},
	}
}

// typesToChoose are the names of what can be chosen in preferences.
func typesToChoose(t *testing.T, s *server.Server) (names []string) {
	t.Helper()
	n, ok := server.Find[*server.NotificationsConcern](s.Concerns())
	require.True(t, ok)
	for _, listed := range n.Service.Types().Listed() {
		names = append(names, listed.Name)
	}
	slices.Sort(names)
	return names
}

// told asks the server with a token of recordedData, "" for a stranger.
func told(t *testing.T, s *server.Server, who, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.RemoteAddr = "127.0.0.1:40000"
	if who != "" {
		r.Header.Set("Authorization", "Bearer "+strings.Repeat(who, 40))
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func TestNotificationsOnTheWire(t *testing.T) {
	const root, manager, member, betamanager = "a", "b", "d", "e"
	db := testkit.SQLite(t)
	s := newServer(t, db, func(c *settings) { c.Tenancy.SiteURL = "https://example.com" })
	require.NoError(t, s.LoadData(t.Context(), strings.NewReader(recordedData(t))))
	ids := identifiers(t, s)
	const base = "/api/v1/notifications/"
	of := func(user string) string { return base + "user/" + ids["user_"+user] + "/user-setting/" }
	status := func(want int, who, method, path, body string) *httptest.ResponseRecorder {
		t.Helper()
		w := told(t, s, who, method, path, body)
		require.Equal(t, want, w.Code, "%s %s: %s", method, path, w.Body)
		return w
	}

	t.Run("preferences of others", func(t *testing.T) {
		count := fmt.Sprintf(`"count":%d`, len(typesToChoose(t, s))+1) // one line for all of them
		require.Contains(t, status(200, root, "GET", of("manager"), "").Body.String(), count)
		require.Contains(t, status(200, manager, "GET", of("operator"), "").Body.String(), `"organization_name":"alpha"`)
		require.Contains(t, status(200, manager, "GET", of("admin"), "").Body.String(), count, "of a superuser only what is of one's own organization")
		status(404, betamanager, "GET", of("operator"), "")
		status(403, member, "GET", of("operator"), "")
		status(401, "", "GET", of("operator"), "")
		status(404, root, "GET", base+"user/00000000-0000-4000-8000-000000000001/user-setting/", "")
		one := base + "user/" + ids["user_operator"] + "/organization/" + ids["org_alpha"] + "/setting/"
		status(404, betamanager, "POST", one, `{"web":false}`)
		status(400, manager, "POST", one, `{"web":"x"}`)
		require.Empty(t, status(200, manager, "POST", one, `{"web":false}`).Body.String())
		require.NotContains(t, status(200, manager, "GET", of("operator")+"?organization="+ids["org_alpha"], "").Body.String(), `"web":true`)
		require.Contains(t, status(200, manager, "GET", of("operator")+"?type=config_error", "").Body.String(), `"web":false,"email":false,"web_inherited":true,"email_inherited":true`,
			"the line follows the organization")
		status(400, manager, "GET", of("operator")+"?type=zzz", "")
	})
	t.Run("organizations", func(t *testing.T) {
		path := base + "organization/" + ids["org_alpha"] + "/setting/"
		status(404, betamanager, "GET", path, "")
		status(403, member, "GET", path, "")
		require.JSONEq(t, `{"organization":"`+ids["org_alpha"]+`","web":null,"email":false}`, status(200, manager, "PATCH", path, `{"email":false}`).Body.String())
		require.JSONEq(t, `{"organization":"`+ids["org_alpha"]+`","web":false,"email":false}`, status(200, root, "PUT", path, `{"web":false,"email":true}`).Body.String())
		status(200, root, "PUT", path, `{"web":null,"email":null}`)
	})
	t.Run("silences", func(t *testing.T) {
		status(404, root, "PUT", base+"notification/ignore/config/nope/"+ids["org_alpha"]+"/", `{}`)
		status(404, root, "PUT", base+"notification/ignore/config/device/nope/", `{}`)
		for _, spelling := range []string{"0", "-1", "+1", "007", "1.0", "99999999999999999999"} {
			status(404, root, "PUT", base+"notification/ignore/pki/cert/"+spelling+"/", `{}`)
		}
		status(201, root, "POST", "/api/v1/controller/ca/", `{"name":"field","organization":"`+ids["org_alpha"]+`","key_length":"256","digest":"sha256"}`)
		require.Contains(t, status(201, manager, "PUT", base+"notification/ignore/pki/ca/1/", `{}`).Body.String(), `"object_id":"1"`)
		status(204, manager, "DELETE", base+"notification/ignore/pki/ca/1/", "")
		status(400, root, "PUT", base+"notification/ignore/config/device/"+ids["org_alpha"]+"/", `{"valid_till":"x"}`)
		status(405, root, "PATCH", base+"notification/ignore/config/device/"+ids["org_alpha"]+"/", `{}`)
	})
	t.Run("filters", func(t *testing.T) {
		for query, wrong := range map[string]string{"organization=x": "organization", "timestamp__gte=yesterday": "timestamp__gte", "timestamp__lt=1": "timestamp__lt"} {
			require.Contains(t, status(400, root, "GET", base+"notification/?"+query, "").Body.String(), `{"`+wrong+`":[`, query)
		}
		status(200, root, "GET", base+"notification/?unread=maybe&level=nope", "")
	})
	t.Run("links of e-mails", func(t *testing.T) {
		w := status(302, "", "GET", base+"notification/"+ids["org_alpha"]+"/redirect/", "")
		require.Equal(t, "/admin/login/?next="+url.QueryEscape(base+"notification/"+ids["org_alpha"]+"/redirect/"), w.Header().Get("Location"))
		status(404, root, "GET", base+"notification/"+ids["org_alpha"]+"/redirect/", "")
		status(404, root, "GET", base+"notification/x/redirect/", "")
	})
	t.Run("unsubscribe", func(t *testing.T) {
		const page = "/notifications/unsubscribe/"
		require.JSONEq(t, `{"success":false,"message":"No token provided"}`, status(400, "", "POST", page, "").Body.String())
		require.JSONEq(t, `{"success":false,"message":"Invalid or expired token"}`, status(400, "", "POST", page+"?token=x", "").Body.String())
		status(400, "", "GET", page+"?token=x", "")
		status(405, "", "PUT", page, "")
	})
}

// The mail of an event carries both parts and the link, and following the link
// ends the e-mails.
func TestNotificationsAreMailed(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		var folder string
		s := newServer(t, db, func(c *settings) {
			c.SecretKey = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
			c.Tenancy.SiteURL, c.Mail.Outbox, c.Notifications.BatchInterval = "https://example.com", t.TempDir(), 0
			folder = c.Mail.Outbox
		})
		require.NoError(t, s.LoadData(t.Context(), strings.NewReader(recordedData(t))))
		require.NoError(t, s.Start(t.Context()))
		register := func(mac string) {
			form := url.Values{"backend": {"netjsonconfig.OpenWrt"}, "secret": {"secretalpha0123456789"}, "name": {mac}, "mac_address": {mac}}
			require.Equal(t, 201, told(t, s, "", "POST", "/controller/register/", form.Encode(), "Content-Type", "application/x-www-form-urlencoded").Code)
			idle(t, s)
		}
		mails := func(to string) (found []string) {
			files, err := filepath.Glob(filepath.Join(folder, "*"))
			require.NoError(t, err)
			for _, name := range files {
				text, err := os.ReadFile(name)
				require.NoError(t, err)
				if strings.Contains(string(text), "To: <"+to+">") {
					found = append(found, string(text))
				}
			}
			return found
		}
		register("00:11:22:33:44:55")
		sent := mails("manager@example.org")
		require.Len(t, sent, 1)
		require.Contains(t, sent[0], "text/html")
		require.Contains(t, sent[0], "List-Unsubscribe-Post: List-Unsubscribe=One-Click")
		require.Empty(t, mails("betamanager@example.org"))
		message, err := mail.ReadMessage(strings.NewReader(sent[0]))
		require.NoError(t, err)
		link := strings.Trim(message.Header.Get("List-Unsubscribe"), "<>")
		path := strings.TrimPrefix(strings.ReplaceAll(link, " ", ""), "https://example.com")
		require.Equal(t, 200, told(t, s, "", "GET", path, "").Code)
		require.Equal(t, 400, told(t, s, "", "POST", path, "{").Code)
		w := told(t, s, "", "POST", path, "List-Unsubscribe=One-Click", "Content-Type", "application/x-www-form-urlencoded")
		require.JSONEq(t, `{"success":true,"message":"Successfully unsubscribed"}`, w.Body.String())
		register("00:11:22:33:44:56")
		require.Len(t, mails("manager@example.org"), 1)
		require.Len(t, mails("admin@example.org"), 2, "others are mailed still")
		ids := identifiers(t, s)
		for query, count := range map[string]string{
			"level=success": "2", "level=error": "0", "type=device_registered": "2", "type=config_error": "0", "organization=" + ids["org_alpha"]: "2", "organization=" + ids["org_beta"]: "0",
			"timestamp__gte=2020-01-01T00:00:00Z": "2", "timestamp__lt=2020-01-01T00:00:00Z": "0", "unread=false": "0",
		} {
			require.Contains(t, told(t, s, "a", "GET", "/api/v1/notifications/notification/?"+query, "").Body.String(), `{"count":`+count+`,`, query)
		}
	})
}

// What people call their things is text wherever it is told, and never markup: in
// messages, subjects, frames of names, and links.
func TestNamesWithMarkupOnTheWire(t *testing.T) {
	s := newServer(t, testkit.SQLite(t), func(c *settings) { c.Tenancy.SiteURL = "https://example.com" })
	require.NoError(t, s.LoadData(t.Context(), strings.NewReader(recordedData(t))))
	n, ok := server.Find[*server.NotificationsConcern](s.Concerns())
	require.True(t, ok)
	alpha := mustID(t, identifiers(t, s)["org_alpha"])
	for _, name := range []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `[x](javascript:alert(1))`, `<a href="javascript:alert(1)">x</a>`, `</a><svg onload=alert(1)>`, "`<b>`", `{site.name}`,
	} {
		hook := &webhooks.Webhook{OrganizationID: alpha, Name: name, URL: "https://hooks.example.org/", Events: []string{"*"}, Enabled: true}
		require.NoError(t, n.Webhooks.Create(wispwright.WithCaller(t.Context(), wispwright.System("test")), hook))
		ref := notifications.Ref{Kind: "openwisp_notifications.webhook", ID: hook.ID.String()}
		require.NoError(t, n.Notify(t.Context(), notifications.Event{Type: "webhook_paused", Actor: ref, Target: ref, Data: map[string]any{"reason": name}}))
		var page struct {
			Results []struct {
				ID, Message, Description string
			}
		}
		require.NoError(t, json.Unmarshal(told(t, s, "b", "GET", "/api/v1/notifications/notification/?page_size=1", "").Body.Bytes(), &page))
		require.Len(t, page.Results, 1)
		one := page.Results[0]
		for _, text := range []string{one.Message, one.Description} {
			lower := strings.ToLower(text)
			for _, markup := range []string{"<script", "<img", "<svg", "href=\"javascript", "href='javascript", "<b>"} {
				require.NotContains(t, lower, markup, name)
			}
		}
		require.LessOrEqual(t, strings.Count(one.Message, "<a "), 1, "no link but ours: %s", one.Message)
		require.NotContains(t, strings.ReplaceAll(one.Message, "{site.name}", ""), "example.com}", name)
		if name == `{site.name}` {
			require.Contains(t, one.Message, name, "names are no templates")
		}
		w := told(t, s, "b", "GET", "/api/v1/notifications/notification/"+one.ID+"/", "", "Accept", "text/html")
		require.NotContains(t, strings.ToLower(w.Body.String()), "<script>alert", "the browsable page too")
		require.NotContains(t, w.Body.String(), "<img src=x", name)
	}
}
