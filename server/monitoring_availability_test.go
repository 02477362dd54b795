package server_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/timeseries"
	"github.com/wispwright/wispwright/server"
)

// What people see of health over REST: the fleet, filters of devices, where thresholds come from, checks
// with their parameters, maintenance, and availability as numbers and files.
func TestHealthOverREST(t *testing.T) {
	t.Parallel()
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		c, all := parts(t)
		s := started(t, db, c, all)
		measured, ok := server.Find[*server.MonitoringConcern](all)
		require.True(t, ok)
		require.NoError(t, s.LoadData(t.Context(), strings.NewReader(recordedData(t))))
		org := identifiers(t, s)["org_alpha"]
		group, _ := as(t, s, "b", "POST", "/api/v1/controller/group/", `{"name":"roofs","organization":"`+org+`","templates":[]}`, 201)["id"].(string)
		made := as(t, s, "b", "POST", "/api/v1/controller/device/", `{"name":"box","organization":"`+org+`","mac_address":"02:00:00:00:00:01","group":"`+group+`"}`, 201)
		device, _ := made["id"].(string)
		id, err := wispwright.ParseID(device)
		require.NoError(t, err)
		organization, err := wispwright.ParseID(org)
		require.NoError(t, err)
		y, m, _ := time.Now().Date()
		past := time.Date(y, m-1, 10, 12, 30, 0, 0, time.UTC)
		for n, v := range []int64{1, 1, 1, 0, 0} { // four hours of last month, and now
			at := past.Add(time.Duration(n) * time.Hour)
			if n == 4 {
				at = time.Now()
			}
			require.NoError(t, measured.Collector.Record(t.Context(), &monitoring.Device{ID: id, OrganizationID: organization, Name: "box"}, at,
				monitoring.Measured{Kind: "ping", Fields: []timeseries.Field{{Name: "reachable", Value: timeseries.Int(v)}}}))
		}
		fleet := as(t, s, "b", "GET", "/api/v1/monitoring/health/", "", 200)
		require.EqualValues(t, 1, fleet["critical"], fleet)
		for query, want := range map[string]int{"monitoring__status=critical": 1, "monitoring__status=ok": 0, "unhealthy_metric=ping": 1, "unhealthy_metric=disk": 0, "monitoring__status=critical&unhealthy_metric=disk": 0} {
			require.EqualValues(t, want, as(t, s, "b", "GET", "/api/v1/controller/device/?"+query, "", 200)["count"], query)
		}
		as(t, s, "b", "GET", "/api/v1/controller/device/?monitoring__status=ill", "", 400)
		as(t, s, "b", "GET", "/api/v1/monitoring/device-state/?device=x", "", 400)

		thresholds := "/api/v1/monitoring/threshold/?device=" + device
		first := func() map[string]any {
			return as(t, s, "b", "GET", thresholds, "", 200)["results"].([]any)[0].(map[string]any)
		}
		require.Equal(t, map[string]any{"is_active": "kind", "operator": "kind", "threshold": "kind", "tolerance": "kind"}, first()["origin"])
		as(t, s, "b", "POST", "/api/v1/monitoring/alert-default/", `{"organization":"`+org+`","configuration":"ping","tolerance":7,"is_active":false}`, 201)
		as(t, s, "b", "POST", "/api/v1/monitoring/alert-default/", `{"organization":"`+org+`","group":"`+group+`","configuration":"ping","tolerance":9}`, 201)
		as(t, s, "b", "PATCH", "/api/v1/monitoring/threshold/"+first()["id"].(string)+"/", `{"custom_threshold":0.5}`, 200)
		got := first()
		require.Equal(t, map[string]any{"is_active": "organization", "operator": "kind", "threshold": "device", "tolerance": "group"}, got["origin"])
		require.EqualValues(t, 9, got["effective_tolerance"])
		require.Equal(t, true, got["is_critical"])

		check := `{"device":"` + device + `","check_type":"openwisp_monitoring.check.classes.Iperf3","params":`
		as(t, s, "b", "POST", "/api/v1/monitoring/device-check/", check+`{"host":["a"],"username":"u"}}`, 400)
		as(t, s, "b", "POST", "/api/v1/monitoring/device-check/", check+`{"host":["192.0.2.1"]}}`, 201)
		window := as(t, s, "b", "POST", "/api/v1/monitoring/maintenance/", `{"organization":"`+org+`","name":"w","start":"2126-12-01T00:00:00Z","end":"2126-12-01T01:00:00Z","time_zone":"UTC"}`, 201)
		require.Equal(t, []any{}, window["devices"], "all devices")

		report := "/api/v1/monitoring/availability/"
		as(t, s, "b", "GET", report, "", 200)
		r := as(t, s, "b", "GET", report+"?month="+past.Format("2006-01"), "", 200)
		total, _ := r["total"].(map[string]any)
		require.EqualValues(t, 1, total["devices"])
		require.InDelta(t, 75, total["availability"], 0.01)
		// the bad hour was planned
		as(t, s, "b", "POST", "/api/v1/monitoring/maintenance/", `{"organization":"`+org+`","name":"mast","start":"`+past.Add(150*time.Minute).Format(time.RFC3339)+`","end":"`+past.Add(4*time.Hour).Format(time.RFC3339)+`","time_zone":"UTC"}`, 201)
		for query, want := range map[string]float64{"": 100, "&maintenance=count": 75} {
			total, _ = as(t, s, "b", "GET", report+"?month="+past.Format("2006-01")+query, "", 200)["total"].(map[string]any)
			require.InDelta(t, want, total["availability"], 0.01, query)
		}
		total, _ = as(t, s, "b", "GET", report+"?month="+past.Format("2006-01"), "", 200)["total"].(map[string]any)
		require.EqualValues(t, 90*60, total["planned"])
		for query, want := range map[string]string{"month=2026-13": "month", "by=x": "by", "organization=x": "organization", "time_zone=Nowhere": "time_zone", "file=doc": "file", "maintenance=x": "maintenance"} {
			require.Contains(t, as(t, s, "b", "GET", report+"?"+query, "", 400), want, query)
		}
	})
}
