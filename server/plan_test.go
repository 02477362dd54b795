package server_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/protocol"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server"
)

// agents are devices of a server that fetch and report as agents do.
type agents struct {
	t *testing.T
	c *server.ControllerConcern
	s *server.Server
}

// report lets a device fetch and report what it is to run.
func (a agents) report(id, status, reason string) {
	a.t.Helper()
	ctx := context.Background()
	d, err := a.c.Devices.Get(ctx, wispwright.ScopeAll(), mustID(a.t, id))
	require.NoError(a.t, err)
	who := protocol.Credentials{ID: d.Device.ID, Key: d.Device.Key.Reveal()}
	_, err = a.c.Agents.Checksum(ctx, who, "")
	require.NoError(a.t, err)
	_, err = a.c.Agents.Download(ctx, who, "")
	require.NoError(a.t, err)
	_, err = a.c.Agents.ReportStatus(ctx, who, status, reason)
	require.NoError(a.t, err)
	_, err = a.c.Agents.WriteSeen(ctx)
	require.NoError(a.t, err)
}

// A plan is made, looked at, commented, signed, applied in waves, stopped by a
// device that fails, and taken back; people are told.
func TestPlansOnTheWire(t *testing.T) {
	t.Parallel()
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		c, all := parts(t)
		s := started(t, db, c, all)
		require.NoError(t, s.LoadData(t.Context(), strings.NewReader(recordedData(t))))
		require.NoError(t, s.Start(t.Context()))
		con, _ := server.Find[*server.ControllerConcern](all)
		fleet := agents{t, con, s}
		org := identifiers(t, s)["org_alpha"]
		config := func(mtu int) string {
			return fmt.Sprintf(`{"interfaces":[{"name":"eth0","type":"ethernet","mtu":%d}]}`, mtu)
		}
		template, _ := as(t, s, "b", "POST", "/api/v1/controller/template/", `{"name":"wan","organization":"`+org+`","backend":"netjsonconfig.OpenWrt","default":true,"config":`+config(1500)+`}`, 201)["id"].(string)
		var devices []string
		for i := range 4 {
			d := as(t, s, "b", "POST", "/api/v1/controller/device/", fmt.Sprintf(`{"name":"box-%d","organization":"%s","mac_address":"02:00:00:00:00:0%d",
				"config":{"backend":"netjsonconfig.OpenWrt","templates":[],"context":{},"config":{}}}`, i, org, i), 201)
			id, _ := d["id"].(string)
			devices = append(devices, id)
			fleet.report(id, "applied", "")
		}

		const plans = "/api/v1/controller/plan/"
		body := `{"name":"jumbo","organization":"` + org + `","changes":[{"kind":"template","action":"update","id":"` + template + `","set":{"config":` + config(9000) + `}}]}`
		as(t, s, "e", "POST", plans, body, 400) // another organization's
		p := as(t, s, "b", "POST", plans, body, 201)
		at := plans + p["id"].(string) + "/"
		as(t, s, "e", "GET", at, "", 404)
		as(t, s, "b", "POST", at+"apply/", `{}`, 409)
		as(t, s, "b", "POST", at+"compute/", ``, 202)
		testkit.Eventually(t, "the plan is rehearsed", func(context.Context) bool { return as(t, s, "b", "GET", at, "", 200)["status"] == "planned" })
		p = as(t, s, "b", "GET", at, "", 200)
		require.EqualValues(t, 4, p["changed"])
		group := as(t, s, "b", "GET", at+"group/", "", 200)["results"].([]any)[0].(map[string]any)
		require.Contains(t, group["diff"], "+\toption mtu '9000'")
		require.EqualValues(t, 4, as(t, s, "b", "GET", at+"device/?group="+group["id"].(string), "", 200)["count"])
		as(t, s, "c", "POST", at+"comment/", `{"text":"go"}`, 201)
		require.EqualValues(t, 1, as(t, s, "b", "GET", at+"comment/", "", 200)["count"])
		require.Equal(t, "operator", as(t, s, "c", "POST", at+"sign/", `{"approve":true}`, 200)["signed_by"])
		as(t, s, "b", "POST", at+"apply/", `{"strategy":{"waves":[{"percent":500}]}}`, 400)
		p = as(t, s, "b", "POST", at+"apply/", fmt.Sprintf(`{"strategy":{"waves":[{"devices":[%q]},{"count":1}],"on_stop":"halt"}}`, devices[1]), 200)
		require.Equal(t, "applying", p["status"])
		as(t, s, "b", "POST", at+"apply/", `{}`, 409)
		as(t, s, "b", "PATCH", at, `{"changes":[]}`, 409)
		as(t, s, "b", "DELETE", at, "", 409)
		as(t, s, "b", "PATCH", "/api/v1/controller/template/"+template+"/", `{"notes":"mine"}`, 400)

		wave := "/api/v1/rollout/" + p["rollout"].(string) + "/"
		as(t, s, "e", "GET", wave, "", 404)
		as(t, s, "c", "POST", wave+"cancel/", "", 403) // operators look on
		status := func(id string) string {
			d := as(t, s, "b", "GET", "/api/v1/controller/device/"+id+"/", "", 200)
			text, _ := d["config"].(map[string]any)["status"].(string)
			return text
		}
		testkit.Eventually(t, "the canary has its turn", func(context.Context) bool { return status(devices[1]) == "modified" })
		require.Equal(t, "applied", status(devices[0]))
		fleet.report(devices[1], "error", "no such interface")
		testkit.Eventually(t, "the wave is stopped", func(context.Context) bool { return as(t, s, "b", "GET", wave, "", 200)["status"] == "stopped" })
		r := as(t, s, "b", "GET", wave, "", 200)
		require.Equal(t, "1 of 1 devices of the wave failed, 0 would be accepted.", r["reason"])
		require.Equal(t, map[string]any{"failed": 1.0}, r["progress"].([]any)[0].(map[string]any)["states"])
		failed := as(t, s, "b", "GET", wave+"device/?state=failed&wave=0", "", 200)["results"].([]any)[0].(map[string]any)
		require.Equal(t, "no such interface", failed["detail"])
		testkit.Eventually(t, "people are told", func(context.Context) bool {
			return as(t, s, "b", "GET", "/api/v1/notifications/notification/?type=rollout_stopped", "", 200)["count"] == 1.0
		})
		as(t, s, "b", "POST", wave+"rollback/", `{"wave":0}`, 200)
		testkit.Eventually(t, "it is taken back", func(context.Context) bool { return as(t, s, "b", "GET", at, "", 200)["status"] == "rolled_back" })
		as(t, s, "b", "POST", wave+"resume/", `{}`, 409)
		require.NotContains(t, fmt.Sprint(as(t, s, "b", "GET", "/api/v1/controller/template/"+template+"/", "", 200)["config"]), "9000")
		as(t, s, "b", "DELETE", wave, "", 204)
	})
}
