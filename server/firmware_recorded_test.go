package server_test

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/firmware"
	"github.com/wispwright/wispwright/firmware/openwrt"
	"github.com/wispwright/wispwright/internal/replay"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/server"
)

// accepting reaches the devices of the recording, which accept everything.
type accepting struct{ without wispwright.ID }

func (a *accepting) Strategies(_ context.Context, devices ...wispwright.ID) (map[wispwright.ID]string, error) {
	out := map[wispwright.ID]string{}
	for _, id := range devices {
		if id != a.without {
			out[id] = connection.StrategyOpenWrt
		}
	}
	return out, nil
}
func (a *accepting) Broken(context.Context, wispwright.ID, string) error { return nil }
func (a *accepting) Open(context.Context, wispwright.ID) (connection.Session, error) {
	return willing{}, nil
}

// willing is a session on a device that accepts everything.
type willing struct{}

func (willing) HostKey() string                          { return "" }
func (willing) Describe(context.Context) (string, error) { return "", nil }
func (willing) Close() error                             { return nil }
func (willing) Upload(_ context.Context, _ string, _ fs.FileMode, _ int64, content io.Reader) error {
	_, err := io.Copy(io.Discard, content)
	return err
}
func (willing) Run(_ context.Context, line string, out connection.Output) (int, error) {
	switch {
	case strings.HasPrefix(line, "test -f"):
		return 1, nil
	case strings.Contains(line, "MemAvailable"):
		_, err := io.WriteString(out.Stdout, "MemAvailable: 66984 kB\n")
		return 0, err
	}
	return 0, nil
}

// The recording of a category, its builds, their images, and upgrades of six devices.
func TestRecordedFirmware(t *testing.T) {
	t.Parallel()
	scenario := replay.Load(t, "firmware", "rest-exchanges.json")
	c, all := parts(t)
	images, ok := server.Find[*server.FirmwareConcern](all)
	require.True(t, ok)
	reached := &accepting{}
	images.Tune = func(o *firmware.Options) {
		upgraders, err := firmware.NewUpgraders(openwrt.Types(&openwrt.Options{NoVerify: true, NoIdentity: true, Wait: func(context.Context, time.Duration) error { return nil }})...)
		require.NoError(t, err)
		o.Upgraders, o.Reacher, o.Online, o.Parallel = upgraders, reached, nil, 1
	}
	s := started(t, testkit.SQLite(t), c, all)
	require.NoError(t, s.LoadData(t.Context(), strings.NewReader(strings.NewReplacer("alpha", "acme", "beta", "other").Replace(recordedData(t)))))
	require.NoError(t, s.Start(t.Context()))
	vars := map[string]string{"base": "http://example.com"}
	for _, slug := range []string{"acme", "other"} {
		o, err := s.Tenancy().Organizations.BySlug(t.Context(), wispwright.ScopeAll(), slug)
		require.NoError(t, err)
		vars["org."+slug] = o.ID.String()
	}
	for n, d := range []struct{ organization, model string }{
		{"acme", "TP-Link TL-WDR4300 v1"}, {"acme", "TP-Link TL-WDR4300 v1"}, {"acme", "Unknown"}, {"acme", "TP-Link TL-WDR4300 v1"}, {"other", "TP-Link TL-WDR4300 v1"}, {"acme", "TP-Link TL-WDR4300 v1"},
	} {
		made := as(t, s, "a", "POST", "/api/v1/controller/device/", fmt.Sprintf(`{"name":"d%d","organization":%q,"mac_address":"02:00:00:00:02:0%d","model":%q,"management_ip":"10.0.0.%d"}`,
			n+1, vars["org."+d.organization], n, d.model, n+1), 201)
		vars[fmt.Sprintf("device.d%d", n+1)] = made["id"].(string)
	}
	var err error
	reached.without, err = wispwright.ParseID(vars["device.d4"])
	require.NoError(t, err)
	vars["category.other"] = as(t, s, "a", "POST", firmwareAPI+"category/", fmt.Sprintf(`{"name":"Other","organization":%q}`, vars["org.other"]), 201)["id"].(string)
	users := map[string]string{"admin": "a", "manager": "b", "operator": "c", "member": "d", "other_manager": "e"}
	r := (&replay.Player{Handler: fromLoopback(s), Vars: vars, Token: func(user string) string { return strings.Repeat(users[user], 40) },
		Additive: firmwareAdditive(), Deviations: map[int][]replay.Deviation{}, Idle: func(t *testing.T) { idle(t, s) },
		Seen: func(t *testing.T, e *replay.Exchange, _ *http.Request, _ *httptest.ResponseRecorder) {
			if e.Title == "batch detail" { // as its device was from there on
				as(t, s, "a", "POST", "/api/v1/controller/device/"+vars["device.d6"]+"/deactivate/", "", 200)
			}
		}}).Play(t, scenario)
	require.Zero(t, r.Different)
	t.Logf("%d played, %d equal, %d excepted, %d skipped", r.Played, r.Equal, r.Excepted, r.Skipped)
}

// firmwareAdditive are keys of answers beyond the recording (additions F-2, F-4, F-9,
// F-10, and ours).
func firmwareAdditive() []string {
	return []string{"size", "checksum", "extraction_status", "failure_reason", "board", "compatible", "target", "fw_version", "compat_version", "progress", "is_persistent", "retry_count", "next_retry_at",
		"upgrade_options", "batch", "waiting", "cancelled_rate", "group", "location", "scheduled_at", "firmwareless", "parallel", "problem", "actor", "rollout", "strategy", "counts", "skipped", "targets"}
}
