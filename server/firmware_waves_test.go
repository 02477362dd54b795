package server_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/firmware"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/timeseries"
	"github.com/wispwright/wispwright/server"
)

// obedient is a way of upgrading in which every device does as it is told, when the
// test lets it.
type obedient struct{ may chan struct{} }

func (o obedient) Upgrade(ctx context.Context, t firmware.Task) error {
	select {
	case <-o.may:
		return t.Flash(ctx, 65, struct{}{})
	case <-ctx.Done():
		return ctx.Err()
	}
}

// everywhere reaches every device.
type everywhere struct{}

func (everywhere) Strategies(_ context.Context, devices ...wispwright.ID) (map[wispwright.ID]string, error) {
	out := map[wispwright.ID]string{}
	for _, id := range devices {
		out[id] = connection.StrategyOpenWrt
	}
	return out, nil
}
func (everywhere) Open(context.Context, wispwright.ID) (connection.Session, error) {
	return nil, &firmware.UnreachableError{}
}
func (everywhere) Broken(context.Context, wispwright.ID, string) error { return nil }

const firmwareAPI = "/api/v1/firmware-upgrader/"

// A build is rolled out in waves over REST: monitoring stops the first one, somebody
// decides, and the others get it.
func TestFirmwareInWaves(t *testing.T) {
	t.Parallel()
	c, all := parts(t)
	may := make(chan struct{})
	images, ok := server.Find[*server.FirmwareConcern](all)
	require.True(t, ok)
	images.Tune = func(o *firmware.Options) {
		upgraders, err := firmware.NewUpgraders(firmware.UpgraderType{Strategies: []string{connection.StrategyOpenWrt}, Label: "boxes", Upgrader: obedient{may}})
		require.NoError(t, err)
		o.Upgraders, o.Reacher = upgraders, everywhere{}
		o.Online = nil // they are not there
	}
	s := started(t, testkit.SQLite(t), c, all)
	measured, _ := server.Find[*server.MonitoringConcern](all)
	require.NoError(t, s.LoadData(t.Context(), strings.NewReader(recordedData(t))))
	require.NoError(t, s.Start(t.Context()))
	org := identifiers(t, s)["org_alpha"]
	category := as(t, s, "b", "POST", firmwareAPI+"category/", fmt.Sprintf(`{"name":"roofs","organization":%q}`, org), 201)["id"].(string)
	build := as(t, s, "b", "POST", firmwareAPI+"build/", fmt.Sprintf(`{"version":"2.0","category":%q}`, category), 201)["id"].(string)
	id, err := wispwright.ParseID(build)
	require.NoError(t, err)
	_, err = images.Images.Create(t.Context(), wispwright.ScopeAll(), id, firmware.File{Name: "openwrt-ath79-generic-tplink_tl-wdr4300-v1-squashfs-sysupgrade.bin", Body: strings.NewReader("image")})
	require.NoError(t, err)
	var devices []string
	for i := range 4 {
		d := as(t, s, "b", "POST", "/api/v1/controller/device/", fmt.Sprintf(`{"name":"roof-%d","organization":%q,"mac_address":"02:00:00:00:01:0%d","model":"TP-Link TL-WDR4300 v1"}`, i, org, i), 201)
		devices = append(devices, d["id"].(string))
	}
	upgrade := firmwareAPI + "build/" + build + "/upgrade/"
	plan := as(t, s, "b", "GET", upgrade+"?devices="+devices[0]+","+devices[1], "", 200)
	require.Len(t, plan["targets"], 2)
	as(t, s, "b", "GET", upgrade+"?devices=x", "", 400)
	for body, field := range map[string]string{
		`{"upgrade_all":true,"strategy":{"waves":[{"percent":200}]}}`:                                          "strategy",
		`{"upgrade_all":true,"strategy":{"waves":[{"devices":["` + build + `"]}]}}`:                            "strategy",
		`{"upgrade_all":true,"strategy":{"time_zone":"Mars/Olympus"}}`:                                         "strategy",
		`{"upgrade_all":true,"strategy":{"window":{"from":"25:00","to":"01:00"}}}`:                             "strategy",
		`{"upgrade_all":true,"strategy":{"waves":[{"count":1,"percent":5}]},"devices":["` + devices[0] + `"]}`: "strategy",
	} {
		require.Contains(t, as(t, s, "b", "POST", upgrade, body, 400), field, body)
	}
	require.Empty(t, as(t, s, "b", "GET", firmwareAPI+"batch-upgrade-operation/", "", 200)["results"])

	batch := as(t, s, "b", "POST", upgrade, fmt.Sprintf(`{"upgrade_all":true,"strategy":{"waves":[{"devices":[%q]}]}}`, devices[2]), 201)["batch"].(string)
	at := firmwareAPI + "batch-upgrade-operation/" + batch + "/"
	get := func(path string) map[string]any { return as(t, s, "b", "GET", path, "", 200) }
	testkit.Eventually(t, "the batch begins", func(context.Context) bool { return get(at)["rollout"] != nil })
	wave := "/api/v1/rollout/" + get(at)["rollout"].(string) + "/"
	require.Equal(t, "roofs 2.0", get(wave)["label"])
	organization, err := wispwright.ParseID(org)
	require.NoError(t, err)
	ill, err := wispwright.ParseID(devices[2])
	require.NoError(t, err)
	status := func() map[string]any { return get(at)["counts"].(map[string]any) }
	testkit.Eventually(t, "the canary is at work", func(context.Context) bool { return status()["running"] == 1.0 })
	for i := range 2 { // it was well, and is not any more
		require.NoError(t, measured.Collector.Record(t.Context(), &monitoring.Device{ID: ill, OrganizationID: organization, Name: "roof-2"}, time.Now(),
			monitoring.Measured{Kind: "ping", Fields: []timeseries.Field{{Name: "reachable", Value: timeseries.Int(int64(1 - i))}, {Name: "loss", Value: timeseries.Float(0)}}}))
	}
	close(may)
	testkit.Eventually(t, "the wave is stopped", func(context.Context) bool { return get(wave)["status"] == "stopped" })
	require.Contains(t, get(wave)["reason"], "1 of 1 devices cannot be reached since they were begun")
	require.EqualValues(t, 1, status()["success"])
	require.EqualValues(t, 3, status()["waiting"])
	as(t, s, "b", "POST", wave+"resume/", `{"ignore_gates":true}`, 200)
	testkit.Eventually(t, "all have it", func(context.Context) bool { return get(at)["status"] == "success" })
	require.EqualValues(t, 4, status()["success"])

	matrix := get(firmwareAPI + "category/" + category + "/matrix/")
	found := 0
	for _, row := range matrix["devices"].([]any) {
		if d := row.(map[string]any); strings.HasPrefix(d["name"].(string), "roof-") {
			found++
			require.Equal(t, []any{build, true, []any{build}}, []any{d["build"], d["installed"], d["possible"]})
		}
	}
	require.Equal(t, 4, found)
	as(t, s, "b", "GET", firmwareAPI+"category/"+category+"/matrix/?page=0", "", 400)
}
