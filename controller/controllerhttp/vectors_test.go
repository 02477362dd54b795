package controllerhttp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/internal/replay"
	"github.com/wispwright/wispwright/internal/testkit"
)

// additive are keys answers have beyond the recordings.
func additive() []string {
	return []string{"checksums", "auto_cert", "errors", "notes", "broken_configurations", "not_renewed_since", "not_renewed_reason", "last_seen", "devices", "ca", "blueprint_cert"}
}

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

// globals are the options of the recordings, whose version accepts deactivated
// devices.
func globals() *controller.Options {
	return &controller.Options{AcceptDeactivated: true, Context: map[string]any{"vpnserver1": "vpn.testdomain.com"}}
}

// What differs from the recordings on purpose, each with the sentence of the
// specification (controller-config) that wants it so.
const (
	normalised   = "§12.4: persist the normalized object (required means default)"
	consequence  = "§3, §12.4: the required template is a default one, so it is added like one"
	upperCase    = "§1.1: mac_address is upper-cased during model validation (not in the recorded 1.1.0)"
	sentence     = "§3.1, §12.4: 403 says `The device must be deactivated prior to deletion`"
	anyOfTwo     = "§12.1: the detail of shared objects wants an explicit view permission [defect]: accept view or change"
	searching    = "rest-conventions §7, §15: `search` everywhere is a superset that stays compatible"
	wrongMethod  = "§10.1: wrong method is 405; no CSRF involved"
	renamed      = "additions C-7: a device that registers with another host name is renamed"
	onlyOutcomes = "§3: accept only applied, running, error; 403 otherwise"
	deactivation = "§19.1: implement §3.1 strictly: a device with content of its own is deactivated as well"
)

func instead(path string, value any, reason string) replay.Deviation {
	return replay.Deviation{Path: path, Instead: value, Reason: reason}
}

// gone is the answer to a device that was deactivated.
func gone() []replay.Deviation {
	return []replay.Deviation{instead("status", 404, deactivation), instead("Content-Type", "text/html", deactivation), instead("body", replay.Anything, deactivation)}
}

func protocolDeviations() map[int][]replay.Deviation {
	return map[int][]replay.Deviation{
		5:  {instead("body", replay.Anything, renamed)},
		22: {instead("body.results[2].name", "other-name", renamed)},
		28: {instead("Content-Disposition", "attachment; filename=other-name.tar.gz", renamed),
			instead("body.files.etc/config/system.text", "config system 'system'\n\toption hostname 'other-name'\n", renamed)},
		37: {instead("status", 405, wrongMethod)},
		51: {instead("status", 403, onlyOutcomes), instead("body", "error: wrong status\n", onlyOutcomes)},
		61: {instead("body.config.status", "deactivating", deactivation)},
		62: {instead("body.config.status", "deactivating", deactivation)},
		65: {instead("body", "report-result: success\ncurrent-status: deactivated\n", deactivation)},
		67: gone(),
		68: append(gone(), instead("Content-Disposition", replay.Absent, deactivation)),
		69: gone(),
		70: gone(),
	}
}

func deactivationDeviations() map[int][]replay.Deviation {
	again := []replay.Deviation{instead("body.config.status", "modified", consequence), instead("body.config.templates", []string{"{uuid1}"}, consequence)}
	return map[int][]replay.Deviation{
		1:  {instead("body.default", true, normalised)},
		9:  {instead("body.detail", "The device must be deactivated prior to deletion", sentence)},
		20: again,
		22: again,
		23: {instead("body", "{hex90}", consequence)},
		24: {instead("body.config.status", "deactivating", consequence)},
		26: {instead("status", 403, consequence), instead("body", object{"detail": "The device must be deactivated prior to deletion"}, sentence)},
	}
}

func deviceDeviations() map[int][]replay.Deviation {
	required := instead("body.config.templates", []string{"{uuid3}", "{uuid1}"}, consequence)
	keyed, lower := "AA:BB:CC:DD:EE:F0", "AA:BB:CC:DD:EE:FF"
	newest := []replay.Deviation{instead("body.results[0].mac_address", keyed, upperCase), instead("body.results[1].mac_address", lower, upperCase)}
	const ntp = "config system 'system'\n\toption hostname 'dev2'\n\nconfig timeserver 'ntp'\n\toption enabled '1'\n\tlist server '0.pool'\n\n"
	undeletable := instead("body.detail", "The device must be deactivated prior to deletion", sentence)
	found := func(n int, others ...int) []replay.Deviation {
		out := []replay.Deviation{instead("body.count", n, searching)}
		for _, i := range others {
			out = append(out, instead(fmt.Sprintf("body.results[%d]", i), replay.Absent, searching))
		}
		return out
	}
	return map[int][]replay.Deviation{
		3:  {instead("body.default", true, normalised)},
		14: {instead("body.mac_address", lower, upperCase)},
		15: {instead("body.mac_address", keyed, upperCase)},
		24: {required},
		27: {instead("body.files.etc/config/system.text", ntp, consequence)},
		29: {instead("body.config.templates", []string{"{uuid3}", "{uuid1}", "{uuid2}"}, consequence)},
		40: newest,
		51: found(1, 0, 1, 2, 3, 5, 6),
		52: found(5, 0, 1),
		53: newest,
		62: {undeletable},
		63: {required},
		65: {instead("body.config.status", "deactivating", deactivation), instead("body.config.templates", []string{}, deactivation)},
		67: {instead("body.config.status", "deactivating", deactivation), instead("body.config.templates", []string{}, deactivation)},
		68: {undeletable},
		69: append(slices.Clone(newest), instead("body.results[4].config.status", "deactivating", deactivation)),
		71: {instead("body.mac_address", "00:AA:22:33:44:55", upperCase)},
	}
}

func templateDeviations() map[int][]replay.Deviation {
	return map[int][]replay.Deviation{
		4:  {instead("body.default", true, normalised)},
		29: {instead("body.results[0].default", true, normalised)},
		32: {instead("body.results[1].default", true, normalised)},
		34: {instead("body.results[1].default", true, normalised)},
		43: {instead("body.results[1].default", true, normalised)},
		47: {instead("status", 200, anyOfTwo), instead("body", object{"id": "{uuid4}", "name": "shared", "organization": nil, "type": "generic",
			"backend": openWrt, "vpn": nil, "tags": []string{}, "default": false, "required": false, "default_values": object{},
			"config":  object{"interfaces": []object{{"name": "eth0", "type": "ethernet"}}},
			"created": "{datetime}", "modified": "{datetime}"}, anyOfTwo)},
	}
}

func TestRecordings(t *testing.T) {
	for name, deviations := range map[string]map[int][]replay.Deviation{
		"agent.protocol":     protocolDeviations(),
		"agent.deactivation": deactivationDeviations(),
		"agent.tags":         nil,
		"config.devices":     deviceDeviations(),
		"config.templates":   templateDeviations(),
		"config.groups":      nil,
	} {
		t.Run(name, func(t *testing.T) {
			eachStorage(t, globals(), func(t *testing.T, s *server) {
				p := replay.Player{Handler: local(s), Vars: s.recorded(t), Additive: additive(), Deviations: deviations,
					Token: func(user string) string { return s.tokens[user] }}
				p.Fixture = func(t *testing.T, fixture json.RawMessage) { s.tag(t, fixture) }
				p.Play(t, replay.Load(t, "rest", name+".json"))
			})
		})
	}
}

// TestRecordedIsolation plays what the recording has of devices, templates and
// users; the other entities are not here yet.
func TestRecordedIsolation(t *testing.T) {
	scenario := replay.Load(t, "rest", "tenancy.isolation.json")
	skip := map[int]string{}
	for _, e := range scenario.Exchanges {
		here := strings.Contains(e.Request.Path, "/controller/device/") || strings.Contains(e.Request.Path, "/controller/template/") || strings.Contains(e.Request.Path, "/controller/group/")
		if !here || strings.Contains(e.Request.Path, "/location/") {
			skip[e.N] = "another entity"
		}
	}
	shared := object{"id": "{uuid13}", "name": "sharedt", "organization": nil, "type": "generic", "backend": openWrt, "vpn": nil, "tags": []string{},
		"default": false, "required": false, "default_values": object{}, "config": object{"interfaces": []object{{"name": "eth0", "type": "ethernet"}}},
		"created": "{datetime}", "modified": "{datetime}"}
	deviations := map[int][]replay.Deviation{57: {instead("status", 200, anyOfTwo), instead("body", shared, anyOfTwo)}}
	eachStorage(t, globals(), func(t *testing.T, s *server) {
		p := replay.Player{Handler: local(s), Vars: s.recorded(t), Additive: additive(), Skip: skip, Deviations: deviations,
			Token: func(user string) string { return s.tokens[user] }}
		report := p.Play(t, scenario)
		require.Zero(t, report.Different)
		require.Equal(t, 28, report.Played)
	})
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
	// the recording is of a version that accepts deactivated devices
	eachStorage(t, &controller.Options{AcceptDeactivated: true}, func(t *testing.T, s *server) {
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
			Deviations: map[int][]replay.Deviation{52: {instead("body", "error: organization disabled", "additions C-12: a known device of a disabled organization is told so")}},
			Token:      func(user string) string { return s.tokens[user] }}
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
// VPN servers and certificates are other entities.
func TestRecordedREST(t *testing.T) {
	scenario := loadSteps(t, "rest.json", map[string]string{"t1": "uuid1", "t2": "uuid2", "t3": "uuid3", "device": "uuid4", "device2": "uuid5", "group": "uuid6"})
	skip := map[int]string{}
	for _, e := range scenario.Exchanges {
		for _, other := range []string{"/vpn/", "/ca/", "/cert/", "/crl"} {
			if strings.Contains(e.Request.Path, other) {
				skip[e.N] = "another entity"
			}
		}
	}
	eachStorage(t, nil, func(t *testing.T, s *server) {
		vars := map[string]string{"org_acme": s.organization(t, "acme", "s3cr3tS3cr3t").String(), "org_beta": s.organization(t, "beta", "betaSecret").String()}
		s.user(t, "admin", "", "", true, false)
		p := replay.Player{Handler: local(s), Vars: vars, Additive: additive(), Skip: skip,
			Token: func(user string) string { return s.tokens[user] }}
		require.Zero(t, p.Play(t, scenario).Different)
	})
}
