package controllerhttp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/internal/replay"
	"github.com/wispwright/wispwright/internal/testkit"
)

// additive are keys answers have beyond the recordings.
func additive() []string { return []string{"checksums", "auto_cert"} }

// recorded makes the fixtures of the recordings and returns what their
// placeholders stand for.
func (s *server) recorded(t testing.TB) map[string]string {
	t.Helper()
	vars := map[string]string{}
	for slug, secret := range map[string]string{"default": "", "alpha": "secretalpha0123456789", "beta": "secretbeta0123456789"} {
		vars["org_"+slug] = s.organization(t, slug, secret).String()
	}
	for _, u := range []struct {
		name, group, org   string
		superuser, manages bool
	}{
		{"admin", "", "", true, false},
		{"manager", "Administrator", "alpha", false, true},
		{"operator", "Operator", "alpha", false, true},
		{"member", "", "alpha", false, false},
		{"betamanager", "Administrator", "beta", false, true},
	} {
		vars["user_"+u.name] = s.user(t, u.name, u.group, u.org, u.superuser, u.manages).String()
	}
	return vars
}

// local makes requests come from where the recorded ones came from.
func local(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.RemoteAddr = "127.0.0.1:40000"
		h.ServeHTTP(w, r)
	})
}

func globals() *controller.Options {
	return &controller.Options{Context: map[string]any{"vpnserver1": "vpn.testdomain.com"}}
}

// What differs from the recordings on purpose.
const (
	normalised   = "a required template is a default one as well: what validation settles is stored (§12.4)"
	consequence  = "follows from the required template, which is a default one here"
	upperCase    = "MAC addresses are stored in upper case (§1.1)"
	sentence     = "the sentence is that of 1.1.1"
	anyOfTwo     = "who may change shared templates of others' may see them too (§12.1)"
	searching    = "the search parameter is an addition, the original ignores it"
	otherConcern = "locations are another concern"
	noCSRF       = "the protocol has no CSRF: a wrong method is 405 as in 1.1.1"
	onlyOutcomes = "devices may report outcomes only (§3)"
	deactivation = "the original forgets that it deactivates a device with content of its own (§19.1)"
)

func TestRecordings(t *testing.T) {
	for name, exceptions := range map[string]map[int]string{
		"agent.protocol": {37: noCSRF, 51: onlyOutcomes, 65: deactivation, 67: deactivation, 68: deactivation, 69: deactivation, 70: deactivation},
		"agent.deactivation": {1: normalised, 9: sentence, 20: consequence, 22: consequence, 23: consequence, 24: consequence, 26: consequence,
			29: "no address is null, not an empty text"},
		"agent.tags": {},
		"config.devices": {3: normalised, 14: upperCase, 15: upperCase, 24: consequence, 27: consequence, 29: consequence, 40: upperCase,
			51: searching, 52: searching, 53: upperCase, 54: otherConcern, 62: sentence, 63: consequence, 68: sentence, 69: upperCase, 71: upperCase},
		"config.templates": {4: normalised, 29: normalised, 32: normalised, 34: normalised, 43: normalised, 47: anyOfTwo},
	} {
		t.Run(name, func(t *testing.T) {
			eachStorage(t, globals(), func(t *testing.T, s *server) {
				p := replay.Player{Handler: local(s), Vars: s.recorded(t), Additive: additive(), Exceptions: exceptions,
					Token: func(user string) string { return s.tokens[user] }}
				p.Fixture = func(t *testing.T, fixture json.RawMessage) { s.tag(t, fixture) }
				p.Play(t, replay.Load(t, "rest", name+".json"))
			})
		})
	}
}

// tag makes the fixture of tags, which the original has in its web admin.
func (s *server) tag(t *testing.T, fixture json.RawMessage) {
	t.Helper()
	var f struct {
		Tags map[string][]string `json:"template tags"`
	}
	require.NoError(t, json.Unmarshal(fixture, &f))
	for name, tags := range f.Tags {
		items, err := s.c.Templates.List(context.Background(), wispwright.ScopeAll(), controller.TemplateFilter{Name: name}, wispwright.Page{})
		require.NoError(t, err)
		require.Len(t, items.Rows, 1)
		status, out := s.call(t, "admin", "PATCH", "/api/v1/controller/template/"+items.Rows[0].ID.String()+"/", object{"tag_names": tags})
		require.Equal(t, 200, status, out)
	}
}

// steps is the older format of recordings.
type steps struct {
	Steps []struct {
		Name    string `json:"name"`
		Request struct {
			Method string            `json:"method"`
			Path   string            `json:"path"`
			Auth   string            `json:"auth"`
			Form   map[string]string `json:"form"`
			JSON   json.RawMessage   `json:"json"`
		} `json:"request"`
		Response struct {
			Status  int               `json:"status"`
			Headers map[string]string `json:"headers"`
			Body    *string           `json:"body"`
			JSON    json.RawMessage   `json:"json"`
			Tar     []struct {
				Name, Mode, Content string
			} `json:"tar"`
		} `json:"response"`
	} `json:"steps"`
}

// loadSteps reads a recording of the older format. Its named placeholders
// become numbered ones; every <md5> matches anything of its kind.
func loadSteps(t *testing.T, file string, names map[string]string) *replay.Scenario {
	t.Helper()
	var raw json.RawMessage
	testkit.ReadVectors(t, &raw, "controller-config", file)
	text := strings.ReplaceAll(string(raw), "<datetime>", "{datetime}")
	text = strings.ReplaceAll(text, "http://testserver", "{base}")
	n := 0
	text = regexp.MustCompile(`<md5>`).ReplaceAllStringFunc(text, func(string) string { n++; return fmt.Sprintf("{hex%d}", 9000+n) })
	for from, to := range names {
		text = strings.ReplaceAll(text, "{"+from+"}", "{"+to+"}")
	}
	var in steps
	require.NoError(t, json.Unmarshal([]byte(text), &in))
	out := &replay.Scenario{Name: file}
	for i, s := range in.Steps {
		e := replay.Exchange{N: i + 1, Title: s.Name, Request: &replay.Request{Method: s.Request.Method, Path: s.Request.Path, As: s.Request.Auth, Body: s.Request.JSON},
			Response: replay.Response{Status: s.Response.Status, Headers: s.Response.Headers, Body: s.Response.JSON}}
		marshal := func(v any) json.RawMessage {
			b, err := json.Marshal(v)
			require.NoError(t, err)
			return b
		}
		switch {
		case s.Request.Form != nil:
			e.Request.ContentType, e.Request.Body = form, marshal(object{"form": s.Request.Form})
		case s.Request.JSON != nil:
			e.Request.ContentType = "application/json"
		}
		switch {
		case s.Response.Body != nil:
			e.Response.Body = marshal(*s.Response.Body)
		case s.Response.Tar != nil:
			files := object{}
			for _, f := range s.Response.Tar {
				files[f.Name] = object{"mode": "0o" + strings.TrimLeft(f.Mode, "0"), "mtime": 0, "uid": 0, "gid": 0, "uname": "", "text": f.Content}
			}
			e.Response.Body = marshal(object{"archive_md5_equals_checksum_endpoint": true, "files": files})
		case s.Response.JSON == nil:
			e.Response.Body = marshal("{html page}")
		}
		out.Exchanges = append(out.Exchanges, e)
	}
	return out
}

func TestRecordedAgentProtocol(t *testing.T) {
	scenario := loadSteps(t, "agent-protocol.json", map[string]string{
		"device_hex": "uuid1:hex", "device_uuid": "uuid1", "tagged_hex": "uuid2:hex", "template_base": "uuid3", "org_uuid": "org_acme"})
	eachStorage(t, nil, func(t *testing.T, s *server) {
		ctx := context.Background()
		acme := s.organization(t, "acme", "s3cr3tS3cr3t")
		s.organization(t, "beta", "betaSecret")
		s.user(t, "admin", "", "", true, false)
		base := s.template(t, "base", acme, object{"default": true, "config": object{"interfaces": []object{{"name": "eth0", "type": "ethernet",
			"addresses": []object{{"proto": "dhcp", "family": "ipv4"}}}}}})
		s.template(t, "mesh-t", acme, object{"tag_names": []string{"mesh"}, "config": object{"interfaces": []object{{"name": "mesh0", "type": "ethernet"}}}})
		settings := func(change func(*controller.Settings)) {
			_, err := s.c.Settings.Update(ctx, wispwright.ScopeAll(), acme, func(v *controller.Settings) error { change(v); return nil })
			require.NoError(t, err)
		}
		limit := func(n int64) { settings(func(v *controller.Settings) { v.DeviceLimit = &n }) }
		p := replay.Player{Handler: local(s), Vars: map[string]string{"org_acme": acme.String(), "uuid3": base}, Additive: additive(),
			Token: func(user string) string { return s.tokens[user] }}
		at := 0
		p.Idle = func(t *testing.T) {
			switch scenario.Exchanges[at].Title {
			case "register over device limit":
				limit(2)
			case "REST delete active device":
				limit(0)
			case "register disabled for organization":
				settings(func(v *controller.Settings) { v.RegistrationEnabled = false })
			case "checksum organization disabled":
				status, out := s.call(t, "admin", "PATCH", "/api/v1/users/organization/"+acme.String()+"/", object{"is_active": false})
				require.Equal(t, 200, status, out)
			}
			at++
		}
		p.Play(t, scenario)
	})
}

// TestRecordedREST plays what the recording has of devices and templates;
// groups, VPN servers and certificates are other entities.
func TestRecordedREST(t *testing.T) {
	scenario := loadSteps(t, "rest.json", map[string]string{"t1": "uuid1", "t2": "uuid2", "t3": "uuid3", "device": "uuid4", "device2": "uuid5", "group": "uuid6"})
	skip, exceptions := map[int]string{}, map[int]string{}
	for _, e := range scenario.Exchanges {
		for _, other := range []string{"/vpn/", "/group/", "/ca/", "/cert/", "/crl"} {
			if strings.Contains(e.Request.Path, other) || strings.Contains(e.Title, "group") {
				skip[e.N] = "another entity"
			}
		}
		switch e.Title {
		case "device: deactivate", "device: delete while deactivating", "device: force delete":
			exceptions[e.N] = "the recorded device got its configuration from a group"
		}
	}
	eachStorage(t, nil, func(t *testing.T, s *server) {
		vars := map[string]string{"org_acme": s.organization(t, "acme", "s3cr3tS3cr3t").String(), "org_beta": s.organization(t, "beta", "betaSecret").String()}
		s.user(t, "admin", "", "", true, false)
		p := replay.Player{Handler: local(s), Vars: vars, Additive: additive(), Skip: skip, Exceptions: exceptions,
			Token: func(user string) string { return s.tokens[user] }}
		p.Play(t, scenario)
	})
}
