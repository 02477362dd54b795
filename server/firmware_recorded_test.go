package server_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/firmware"
	"github.com/wispwright/wispwright/firmware/openwrt"
	"github.com/wispwright/wispwright/internal/replay"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server"
)

// willing are devices that accept every image; who has a connection is as stored.
type willing struct {
	firmware.Reacher
	mu    sync.Mutex
	boots map[wispwright.ID]int
}

// Open implements firmware.Reacher.
func (w *willing) Open(_ context.Context, device wispwright.ID) (connection.Session, error) {
	return &willingSession{w, device}, nil
}

type willingSession struct {
	all *willing
	id  wispwright.ID
}

func (s *willingSession) HostKey() string                          { return "" }
func (s *willingSession) Describe(context.Context) (string, error) { return "", nil }
func (s *willingSession) Close() error                             { return nil }
func (s *willingSession) Upload(_ context.Context, _ string, _ fs.FileMode, _ int64, content io.Reader) error {
	_, err := io.Copy(io.Discard, content)
	return err
}

func (s *willingSession) Run(_ context.Context, line string, out connection.Output) (int, error) {
	s.all.mu.Lock()
	defer s.all.mu.Unlock()
	switch {
	case line == "uci get openwisp.http.uuid":
		_, _ = fmt.Fprint(out.Stdout, s.id)
	case line == "cat /proc/sys/kernel/random/boot_id":
		_, _ = fmt.Fprint(out.Stdout, "boot ", s.all.boots[s.id])
	case line == "test -f /etc/openwisp/firmware_checksum":
		return 1, nil
	case strings.HasPrefix(line, "cat /proc/meminfo"):
		_, _ = fmt.Fprint(out.Stdout, "MemAvailable: 66984 kB")
	case strings.HasPrefix(line, "/sbin/sysupgrade -v"):
		s.all.boots[s.id]++
	}
	return 0, nil
}

const recordedImage = "14 bytes image"

// recordedExchanges are those of the upgrader with what their words describe: the
// files of forms, and the batch that is looked at.
func recordedExchanges(t *testing.T) *replay.Scenario {
	t.Helper()
	s := replay.Load(t, "firmware", "rest-exchanges.json")
	for i := range s.Exchanges {
		e := &s.Exchanges[i]
		switch e.N {
		case 19, 20, 50: // of nothing
			e.Request.Path = strings.ReplaceAll(e.Request.Path, "{uuid}", wispwright.NewID().String())
		case 53: // a JSON body counts here (firmware §7): those related alone are asked for by an empty one
			e.Request.Body = json.RawMessage(`{}`)
		case 54:
			e.Response.Body = json.RawMessage(`{"batch":"{uuid2}"}`)
		case 57:
			e.Request.Path = strings.ReplaceAll(e.Request.Path, "{uuid}", "{uuid2}")
		}
		if e.Request.Multipart == nil {
			continue
		}
		var form map[string]any
		require.NoError(t, json.Unmarshal(e.Request.Multipart, &form))
		if file, ok := form["file"].(map[string]any); ok {
			content := recordedImage
			switch e.N {
			case 22:
				content = ""
			case 30:
				content += "!"
			}
			file["type"], file["base64"] = "application/octet-stream", base64.StdEncoding.EncodeToString([]byte(content))
		}
		body, err := json.Marshal(map[string]any{"multipart": form})
		require.NoError(t, err)
		e.Request.ContentType, e.Request.Body = "multipart/form-data", body
	}
	// what happened between two requests: the image that was stored without its type
	// was in nobody's way, and the deactivated device had a row
	for _, between := range []replay.Exchange{{N: 58, Fixture: json.RawMessage(`58`)}, {N: 27, Fixture: json.RawMessage(`27`)}} {
		at := slices.IndexFunc(s.Exchanges, func(e replay.Exchange) bool { return e.N == between.N })
		s.Exchanges = slices.Insert(s.Exchanges, at, between)
	}
	return s
}

// recordedFirmware is what the recorded server of the upgrader was filled with.
const recordedFirmware = `{"organizations":[{"name":"acme","slug":"acme"},{"name":"other","slug":"other"}],"users":[
 {"username":"admin","token":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","is_superuser":true,"is_staff":true},
 {"username":"manager","token":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","is_staff":true,"groups":["Administrator"],"organizations":[{"slug":"acme","is_admin":true}]},
 {"username":"operator","token":"cccccccccccccccccccccccccccccccccccccccc","is_staff":true,"groups":["Operator"],"organizations":[{"slug":"acme","is_admin":true}]},
 {"username":"member","token":"dddddddddddddddddddddddddddddddddddddddd","is_staff":true,"groups":["Operator"],"organizations":[{"slug":"acme"}]},
 {"username":"other_manager","token":"eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee","is_staff":true,"groups":["Administrator"],"organizations":[{"slug":"other","is_admin":true}]}]}`

// recordedDevices makes the devices of the recording, and returns what its
// placeholders stand for.
func recordedDevices(t *testing.T, s *server.Server) map[string]string {
	t.Helper()
	vars := map[string]string{}
	for _, slug := range []string{"acme", "other"} {
		o, err := s.Tenancy().Organizations.BySlug(t.Context(), wispwright.ScopeAll(), slug)
		require.NoError(t, err)
		vars["org."+slug] = o.ID.String()
	}
	made := func(path, body string, v ...any) string {
		return as(t, s, "a", "POST", "/api/v1/"+path, fmt.Sprintf(body, v...), 201)["id"].(string)
	}
	vars["category.other"] = made("firmware-upgrader/category/", `{"name":"Cat2","organization":%q}`, vars["org.other"])
	credentials := map[string]string{}
	for _, slug := range []string{"acme", "other"} {
		credentials[slug] = made("controller/credential/", `{"name":"c","organization":%q,"connector":%q,"params":{"username":"root","password":"secret"}}`, vars["org."+slug], connection.ConnectorSSH)
	}
	for i, d := range []struct{ model, org string }{1: {org: "acme"}, 2: {org: "acme"}, 3: {"Unknown", "acme"}, 4: {org: "acme"}, 5: {org: "other"}, 6: {org: "acme"}} {
		if d.org == "" {
			continue
		}
		if d.model == "" {
			d.model = "TP-Link TL-WDR4300 v1"
		}
		id := made("controller/device/", `{"name":"d%d","organization":%q,"mac_address":"02:00:00:00:00:0%d","management_ip":"10.0.0.%d","model":%q}`, i, vars["org."+d.org], i, i, d.model)
		if i != 4 {
			made("controller/device/"+id+"/connection/", `{"credentials":%q,"update_strategy":%q,"enabled":true}`, credentials[d.org], connection.StrategyOpenWrt)
		}
		vars[fmt.Sprint("device.d", i)] = id
	}
	as(t, s, "a", "POST", "/api/v1/controller/device/"+vars["device.d6"]+"/deactivate/", "", 200)
	return vars
}

// recordedResolve finds what the exchanges make.
func recordedResolve(t *testing.T, c *server.FirmwareConcern) func(string) (string, bool) {
	ctx := t.Context()
	build := func(n string) (*firmware.Build, error) {
		return c.Builds.First(ctx, wispwright.ScopeAll(), firmware.BuildFilter{Version: n + ".0"})
	}
	return func(name string) (string, bool) {
		kind, n, _ := strings.Cut(name, ".")
		switch kind {
		case "category":
			o, err := c.Categories.First(ctx, wispwright.ScopeAll(), firmware.CategoryFilter{Name: "WiFi"})
			require.NoError(t, err, name)
			return o.ID.String(), true
		case "build":
			o, err := build(n)
			require.NoError(t, err, name)
			return o.ID.String(), true
		case "image":
			b, err := build(n)
			require.NoError(t, err, name)
			o, err := c.Images.First(ctx, wispwright.ScopeAll(), firmware.ImageFilter{BuildID: b.ID})
			require.NoError(t, err, name)
			return o.ID.String(), true
		}
		return "", false
	}
}

// The exchanges of the firmware upgrader play against the whole server, whose
// devices accept everything, as those where it was recorded.
func TestRecordedUpgradesAgainstTheWholeServer(t *testing.T) {
	t.Parallel()
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		c, all := parts(t)
		images, ok := server.Find[*server.FirmwareConcern](all)
		require.True(t, ok)
		images.Config.MaxFileSize = int64(len(recordedImage))
		images.Tune = func(o *firmware.Options) {
			upgraders, err := firmware.NewUpgraders(openwrt.Types(&openwrt.Options{Wait: func(context.Context, time.Duration) error { return nil }})...)
			require.NoError(t, err)
			o.Upgraders, o.Reacher = upgraders, &willing{Reacher: o.Reacher, boots: map[wispwright.ID]int{}}
		}
		s := started(t, db, c, all)
		require.NoError(t, s.LoadData(t.Context(), strings.NewReader(recordedFirmware)))
		require.NoError(t, s.Start(t.Context()))
		letters := map[string]string{"admin": "a", "manager": "b", "operator": "c", "member": "d", "other_manager": "e"}
		vars := recordedDevices(t, s)
		p := &replay.Player{Handler: fromLoopback(s), Vars: vars, Resolve: recordedResolve(t, images), Deviations: upgradeDeviations(),
			Additive: upgradeAdditions(), Fixture: func(t *testing.T, fixture json.RawMessage) { recordedBetween(t, images, string(fixture), vars) },
			Token: func(user string) string { return strings.Repeat(letters[user], 40) }, Idle: func(t *testing.T) { idle(t, s) }}
		r := p.Play(t, recordedExchanges(t))
		require.Zero(t, r.Different)
		t.Logf("%d played, %d equal, %d excepted, %d skipped", r.Played, r.Equal, r.Excepted, r.Skipped)
	})
}

// recordedBetween does what happened before an exchange, beside the API.
func recordedBetween(t *testing.T, c *server.FirmwareConcern, before string, vars map[string]string) {
	t.Helper()
	ctx, all := t.Context(), wispwright.ScopeAll()
	b, err := c.Builds.First(ctx, all, firmware.BuildFilter{Version: "1.0"})
	require.NoError(t, err)
	i, err := c.Images.First(ctx, all, firmware.ImageFilter{BuildID: b.ID})
	require.NoError(t, err)
	switch before {
	case "27":
		require.NoError(t, c.Images.Delete(ctx, all, i.ID))
	case "58":
		require.NoError(t, c.Devices.Create(ctx, &firmware.DeviceFirmware{OrganizationID: b.OrganizationID, DeviceID: mustID(t, vars["device.d6"]), ImageID: i.ID, Installed: true}))
	}
}

// upgradeAdditions are keys that answers have beyond the recorded ones.
func upgradeAdditions() []string {
	return []string{"size", "checksum", "extraction_status", "failure_reason", "board", "compatible", "target", "fw_version", "compat_version", "progress", "batch", "is_persistent", "next_retry_at", "retry_count",
		"upgrade_options", "waiting", "targets", "actor", "counts", "firmwareless", "group", "location", "parallel", "problem", "rollout", "scheduled_at", "strategy", "cancelled_rate", "skipped"}
}

// upgradeDeviations are where the API differs from the recording on purpose.
func upgradeDeviations() map[int][]replay.Deviation {
	const (
		strangers = "decision 0064: strangers are asked who they are first"
		derived   = "firmware §7: the derived type is stored, without which later calls fail"
		file      = "additions F-8: the address of the download endpoint"
		limit     = "the limit was changed for this request where it was recorded"
		access    = "additions F-8: 401 for strangers"
		identity  = "additions F-6: it is asked whether it is really this device"
		active    = "firmware §6: deactivated devices are left out"
		line      = "Connection successful, starting upgrade...\nDevice identity verified successfully\nImage checksum file not found, proceeding with the upload of the new image...\n" +
			"Sysupgrade test passed successfully, proceeding with the upgrade operation...\nUpgrade operation in progress...\n\nSSH connection closed, will wait 180 seconds before attempting to reconnect...\n" +
			"Trying to reconnect to device at 10.0.0.%d (attempt n.1)...\nConnected! Writing checksum file to /etc/openwisp/firmware_checksum\nUpgrade completed successfully."
	)
	link := func(path, build string) replay.Deviation {
		return instead(path, "{base}/api/v1/firmware-upgrader/build/{build."+build+"}/image/{uuid}/download/", file)
	}
	log := func(path string, device int) replay.Deviation {
		return instead(path, fmt.Sprintf(line, device), identity)
	}
	const first, second = "body.results[0].log", "body.results[1].log"
	return map[int][]replay.Deviation{
		20: {instead("status", 401, strangers), instead("body.detail", "Authentication credentials were not provided.", strangers)},
		26: {link("body.file", "1"), instead("body.type", "ath79-generic-tplink_tl-wdr4300-v1-squashfs-sysupgrade.bin", derived)},
		27: {link("body.file", "1")}, 29: {link("body.file", "2")}, 31: {link("body.results[0].file", "1")},
		30: {instead("body.file[0]", "The file may not be larger than 14\u00a0bytes.", limit)},
		36: {instead("status", 401, access), instead("Content-Type", "text/plain", access)},
		46: {log(first, 1)}, 47: {log(first, 1)}, 49: {log(first, 1)}, 63: {log(first, 1), log(second, 1)},
		52: {instead("body.devices[0]", replay.Absent, active)},
		57: {log("body.upgradeoperations[1].log", 2), instead("body.upgradeoperations[0]", replay.Absent, active), instead("body.progress_report", "1 out of 1", active)},
	}
}
