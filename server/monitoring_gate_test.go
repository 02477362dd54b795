package server_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/health"
	"github.com/wispwright/wispwright/monitoring/timeseries"
	"github.com/wispwright/wispwright/rollout"
	"github.com/wispwright/wispwright/server"
)

// A wave after which a device cannot be reached is the last: that it said it runs
// what it should is not enough.
func TestMonitoringStopsAWave(t *testing.T) {
	t.Parallel()
	c, all := parts(t)
	s := started(t, testkit.SQLite(t), c, all)
	measured, ok := server.Find[*server.MonitoringConcern](all)
	require.True(t, ok)
	require.NoError(t, s.LoadData(t.Context(), strings.NewReader(recordedData(t))))
	require.NoError(t, s.Start(t.Context()))
	con, _ := server.Find[*server.ControllerConcern](all)
	fleet := agents{t, con, s}
	org := identifiers(t, s)["org_alpha"]
	template, _ := as(t, s, "b", "POST", "/api/v1/controller/template/", `{"name":"wan","organization":"`+org+`","backend":"netjsonconfig.OpenWrt","default":true,"config":{"general":{"description":"a"}}}`, 201)["id"].(string)
	var devices []string
	for i := range 2 {
		d := as(t, s, "b", "POST", "/api/v1/controller/device/", fmt.Sprintf(`{"name":"box-%d","organization":"%s","mac_address":"02:00:00:00:00:0%d",
			"config":{"backend":"netjsonconfig.OpenWrt","templates":[],"context":{},"config":{}}}`, i, org, i), 201)
		id, _ := d["id"].(string)
		devices = append(devices, id)
		fleet.report(id, "applied", "")
	}
	const plans = "/api/v1/controller/plan/"
	p := as(t, s, "b", "POST", plans, `{"name":"words","organization":"`+org+`","changes":[{"kind":"template","action":"update","id":"`+template+`","set":{"config":{"general":{"description":"b"}}}}]}`, 201)
	at := plans + p["id"].(string) + "/"
	as(t, s, "b", "POST", at+"compute/", ``, 202)
	testkit.Eventually(t, "the plan is rehearsed", func(context.Context) bool { return as(t, s, "b", "GET", at, "", 200)["status"] == "planned" })
	p = as(t, s, "b", "POST", at+"apply/", fmt.Sprintf(`{"strategy":{"waves":[{"devices":[%q]}],"on_stop":"halt","max_unreachable":0,"max_problems_percent":50}}`, devices[0]), 200)
	wave := "/api/v1/rollout/" + p["rollout"].(string) + "/"
	config := func(id string) any {
		return as(t, s, "b", "GET", "/api/v1/controller/device/"+id+"/", "", 200)["config"].(map[string]any)["status"]
	}
	testkit.Eventually(t, "the canary has its turn", func(context.Context) bool { return config(devices[0]) == "modified" })

	id, err := wispwright.ParseID(devices[0])
	require.NoError(t, err)
	organization, err := wispwright.ParseID(org)
	require.NoError(t, err)
	record := func(ago time.Duration, kind, field string, v int64) {
		require.NoError(t, measured.Collector.Record(t.Context(), &monitoring.Device{ID: id, OrganizationID: organization, Name: "box-0"}, time.Now().Add(-ago),
			monitoring.Measured{Kind: kind, Fields: []timeseries.Field{{Name: field, Value: timeseries.Int(v)}}}))
	}
	status := func() health.Status {
		states, err := measured.Health.StatusOf(t.Context(), id)
		require.NoError(t, err)
		if states[id] == nil {
			return health.Unknown
		}
		return states[id].Status
	}
	// nothing of it could be measured before: that it cannot be reached says nothing of the wave
	record(0, "ping", "reachable", 0)
	require.Equal(t, health.Critical, status())
	question := rollout.Question{Since: time.Now().Add(-time.Minute), Devices: []wispwright.ID{id}}
	verdict, err := measured.Gate().Check(t.Context(), question)
	require.NoError(t, err)
	require.False(t, verdict.Worse, verdict.Reason)
	record(0, "ping", "reachable", 1)
	require.Equal(t, health.OK, status())
	record(0, "ping", "reachable", 0)
	require.Equal(t, health.Critical, status())
	verdict, err = measured.Gate().Check(t.Context(), question)
	require.NoError(t, err)
	require.True(t, verdict.Worse)
	// a wave may tolerate it
	one, all100 := 1, 100.0
	question.Rollout = &rollout.Rollout{Strategy: rollout.Strategy{MaxUnreachable: &one, MaxProblemsPercent: &all100}}
	verdict, err = measured.Gate().Check(t.Context(), question)
	require.NoError(t, err)
	require.False(t, verdict.Worse, verdict.Reason)
	fleet.report(devices[0], "applied", "")
	testkit.Eventually(t, "the wave is stopped", func(context.Context) bool { return as(t, s, "b", "GET", wave, "", 200)["status"] == "stopped" })
	require.Contains(t, as(t, s, "b", "GET", wave, "", 200)["reason"], "1 of 1 devices cannot be reached since they were begun, 0 may be")
	require.Equal(t, "applied", config(devices[1]), "the others never had their turn")
}
