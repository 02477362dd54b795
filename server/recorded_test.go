package server_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/replay"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server"
	"github.com/wispwright/wispwright/tenancy"
)

// recordedData is what the recorded server was filled with.
func recordedData(t *testing.T) string {
	t.Helper()
	type object = map[string]any
	user := func(name, letter string, more object) object {
		u := object{"username": name, "email": name + "@example.org", "password": name + "-Passw0rd", "token": strings.Repeat(letter, 40), "is_superuser": false, "is_staff": true}
		for k, v := range more {
			u[k] = v
		}
		return u
	}
	in := func(slug string, manages bool) []object { return []object{{"slug": slug, "is_admin": manages}} }
	raw, err := json.Marshal(object{
		"organizations": []object{
			{"name": "default", "slug": "default"},
			{"name": "alpha", "slug": "alpha", "shared_secret": "secretalpha0123456789", "registration_enabled": true},
			{"name": "beta", "slug": "beta", "shared_secret": "secretbeta0123456789", "registration_enabled": true},
		},
		"users": []object{
			user("admin", "a", object{"is_superuser": true}),
			user("manager", "b", object{"groups": []string{"Administrator"}, "organizations": in("alpha", true)}),
			user("operator", "c", object{"groups": []string{"Operator"}, "organizations": in("alpha", true)}),
			user("member", "d", object{"is_staff": false, "organizations": in("alpha", false)}),
			user("betamanager", "e", object{"groups": []string{"Administrator"}, "organizations": in("beta", true)}),
		},
	})
	require.NoError(t, err)
	return string(raw)
}

// The recorded exchanges that cross concerns, against the whole server on a
// database filled by loaddata, with its queue at work. The packages of the
// concerns play the others, and say why an answer differs.
func TestRecordedExchangesAgainstTheWholeServer(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]*replay.Player{
		"users.auth": {Deviations: map[int][]replay.Deviation{2: {
			instead("status", 200, "log-in by e-mail address was switched off where it was recorded"), instead("body", replay.Anything, "as its status")}}},
		"users.organizations":    {},
		"agent.tags":             {},
		"agent.protocol":         {Deviations: protocolDeviations()},
		"notifications.api":      {},
		"ipam.subnets":           {Deviations: ipamDeviations()},
		"firmware.builds":        {Deviations: firmwareDeviations(), Skip: map[int]string{134: "builds of one version have no order among each other"}},
		"topology.topologies":    {Deviations: topologyDeviations()["topologies"]},
		"topology.receive":       {Deviations: topologyDeviations()["receive"]},
		"topology.nodes-links":   {Deviations: topologyDeviations()["nodes-links"]},
		"geo.locations":          {Deviations: geoDeviations()},
		"connection.credentials": {Deviations: connectionDeviations()},
		"config.vpn":             {Deviations: vpnDeviations()},
		"subnetdivision.rules":   {Deviations: divisionDeviations()},
	} {
		t.Run(name, func(t *testing.T) {
			scenario := replay.Load(t, "rest", name+".json")
			testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
				s := newServer(t, db, func(c *settings) {
					c.Controller.Context = map[string]any{"vpnserver1": "vpn.testdomain.com"}
					if name == "notifications.api" {
						c.Tenancy.SiteURL, c.Notifications.BatchInterval = "https://example.com", 0
					}
				})
				require.NoError(t, s.LoadData(t.Context(), strings.NewReader(recordedData(t))))
				describeDefault(t, s)
				require.NoError(t, s.Start(t.Context()))
				played := *p
				if name == "notifications.api" {
					played.Deviations = notificationDeviations(typesToChoose(t, s))
				}
				played.Handler, played.Vars, played.Additive, played.Free = fromLoopback(s), identifiers(t, s), []string{"checksums", "auto_cert", "errors", "not_renewed_since", "not_renewed_reason", "broken_configurations", "notes", "last_seen", "devices", "expiration_date", "invitable", "batch_command", "image_width", "image_height", "has_floorplan", "size", "checksum", "extraction_status", "failure_reason", "board", "compatible", "target", "fw_version", "compat_version", "progress", "whois_info", "ca", "blueprint_cert"}, []string{"permissions"}
				if name == "config.vpn" {
					played.Additive = append(played.Additive, vpnAdditions()...)
				}
				letters := map[string]string{"admin": "a", "manager": "b", "operator": "c", "member": "d", "betamanager": "e"}
				played.Token = func(user string) string { return strings.Repeat(letters[user], 40) }
				played.Idle = func(t *testing.T) { idle(t, s) }
				played.Fixture = func(t *testing.T, fixture json.RawMessage) { tagTemplates(t, s, fixture) }
				if name == "subnetdivision.rules" {
					played.Fixture = func(t *testing.T, fixture json.RawMessage) { divideRecorded(t, s, fixture) }
				}
				r := played.Play(t, scenario)
				require.Zero(t, r.Different)
				t.Logf("%d played, %d equal, %d excepted, %d skipped", r.Played, r.Equal, r.Excepted, r.Skipped)
			})
		})
	}
}

func instead(path string, value any, reason string) replay.Deviation {
	return replay.Deviation{Path: path, Instead: value, Reason: reason}
}

// protocolDeviations are those the tests of controllerhttp give the sentences for.
func protocolDeviations() map[int][]replay.Deviation {
	const deactivation = "a device with content of its own is deactivated as well"
	gone := []replay.Deviation{instead("status", 404, deactivation), instead("Content-Type", "text/html", deactivation), instead("body", replay.Anything, deactivation)}
	const renamed = "a device that registers with another host name is renamed"
	const untouchable = "a deactivated device is left as it is"
	asItWas := []replay.Deviation{instead("body.model", "M2", untouchable), instead("body.os", "O2", untouchable), instead("body.system", "S2", untouchable)}
	return map[int][]replay.Deviation{
		5:  {instead("body", replay.Anything, renamed)},
		22: {instead("body.results[2].name", "other-name", renamed)},
		28: {instead("Content-Disposition", "attachment; filename=other-name.tar.gz", renamed),
			instead("body.files.etc/config/system.text", "config system 'system'\n\toption hostname 'other-name'\n", renamed)},
		37: {instead("status", 405, "no CSRF here")},
		51: {instead("status", 403, "only outcomes can be reported"), instead("body", "error: wrong status\n", "only outcomes can be reported")},
		61: {instead("body.config.status", "deactivating", deactivation)},
		62: {instead("body.config.status", "deactivating", deactivation)},
		65: {instead("body", "report-result: success\ncurrent-status: deactivated\n", deactivation)},
		67: gone,
		68: append(slices.Clone(gone), instead("Content-Disposition", replay.Absent, deactivation)),
		69: gone,
		70: gone,
		71: {instead("status", 403, untouchable), instead("body", "error: device deactivated", untouchable)},
		72: asItWas,
		75: asItWas,
	}
}

// describeDefault gives the default organization the text it had where it was
// recorded, which no file of data holds.
func describeDefault(t *testing.T, s *server.Server) {
	t.Helper()
	o, err := s.Tenancy().Organizations.BySlug(t.Context(), wispwright.ScopeAll(), "default")
	require.NoError(t, err)
	_, err = s.Tenancy().Organizations.Update(t.Context(), wispwright.ScopeAll(), o.ID, func(o *tenancy.Organization) error {
		o.Description = "This is the default organization. It was created automatically during installation. You can simply rename it to your organization name."
		return nil
	})
	require.NoError(t, err)
}

func fromLoopback(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.RemoteAddr = "127.0.0.1:40000"
		h.ServeHTTP(w, r)
	})
}

// identifiers are what the placeholders of the fixtures stand for.
func identifiers(t *testing.T, s *server.Server) map[string]string {
	t.Helper()
	vars := map[string]string{}
	for _, slug := range []string{"default", "alpha", "beta"} {
		o, err := s.Tenancy().Organizations.BySlug(t.Context(), wispwright.ScopeAll(), slug)
		require.NoError(t, err)
		vars["org_"+slug] = o.ID.String()
	}
	for _, name := range []string{"admin", "manager", "operator", "member", "betamanager"} {
		u, err := s.Tenancy().Users.ByUsername(t.Context(), wispwright.ScopeAll(), name)
		require.NoError(t, err)
		vars["user_"+name] = u.ID.String()
	}
	return vars
}

// drain tells people of what was posted, on a server that was not started.
func drain(t *testing.T, s *server.Server) {
	t.Helper()
	n, ok := server.Find[*server.NotificationsConcern](s.Concerns())
	require.True(t, ok)
	require.NoError(t, n.Drain(t.Context()))
}

// idle waits until no job waits or runs.
func idle(t *testing.T, s *server.Server) {
	t.Helper()
	testkit.Eventually(t, "the queue is empty", func(ctx context.Context) bool {
		counts, err := s.Jobs().Counts(ctx)
		require.NoError(t, err)
		if n, ok := server.Find[*server.NotificationsConcern](s.Concerns()); ok {
			waiting, err := n.Waiting(ctx)
			require.NoError(t, err)
			if waiting {
				return false
			}
			// what was told meanwhile ordered jobs
			counts, err = s.Jobs().Counts(ctx)
			require.NoError(t, err)
		}
		return counts["available"]+counts["running"]+counts["retryable"]+counts["scheduled"] == 0
	})
}

// tagTemplates gives templates the tags they had where it was recorded.
func tagTemplates(t *testing.T, s *server.Server, fixture json.RawMessage) {
	t.Helper()
	var f struct {
		Tags map[string][]string `json:"template tags"`
	}
	require.NoError(t, json.Unmarshal(fixture, &f))
	for name, tags := range f.Tags {
		var list struct{ Results []struct{ ID, Name string } }
		token := func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+strings.Repeat("a", 40)) }
		require.NoError(t, json.Unmarshal(get(s, "/api/v1/controller/template/?page_size=100", token).Body.Bytes(), &list))
		for _, template := range list.Results {
			if template.Name != name {
				continue
			}
			body, err := json.Marshal(map[string]any{"tag_names": tags})
			require.NoError(t, err)
			w := ask(s, http.MethodPatch, "/api/v1/controller/template/"+template.ID+"/", string(body), token)
			require.Equal(t, http.StatusOK, w.Code, w.Body)
		}
	}
}
