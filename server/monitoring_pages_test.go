package server_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/health"
	"github.com/wispwright/wispwright/monitoring/timeseries"
	"github.com/wispwright/wispwright/server"
)

// Everybody who knows the link of a status page sees how the organization's devices
// are, by name only where that is wanted, and nothing of another organization.
func TestStatusPages(t *testing.T) {
	m := newMonitored(t, testkit.SQLite(t))
	const path = "/api/v1/monitoring/status-page/"
	made := func(body string) string {
		w := m.as("manager", http.MethodPost, path, body)
		require.Equal(t, http.StatusCreated, w.Code, w.Body)
		var out struct{ Link string }
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &out))
		return out.Link[strings.Index(out.Link, "/status/"):]
	}
	require.Equal(t, http.StatusBadRequest, m.as("betamanager", http.MethodPost, path, `{"organization":"`+m.organization+`","title":"theirs"}`).Code)
	quiet := made(`{"organization":"` + m.organization + `","title":"<b>Network</b>"}`)
	named := made(`{"organization":"` + m.organization + `","title":"Named","show_names":true}`)
	read := func(at string) string {
		w := get(m, at)
		require.Equal(t, http.StatusOK, w.Code)
		return w.Body.String()
	}
	require.Contains(t, read(quiet), "&lt;b&gt;Network")
	require.Contains(t, read(quiet), "There is no incident.")

	concern, ok := server.Find[*server.MonitoringConcern](m.Concerns())
	require.True(t, ok)
	id, err := wispwright.ParseID(m.device)
	require.NoError(t, err)
	organization, err := wispwright.ParseID(m.organization)
	require.NoError(t, err)
	ping := func(reachable int64) {
		require.NoError(t, concern.Collector.Record(t.Context(), &monitoring.Device{ID: id, OrganizationID: organization, Name: "ap-1"}, time.Now(),
			monitoring.Measured{Kind: "ping", Fields: []timeseries.Field{{Name: "reachable", Value: timeseries.Int(reachable)}, {Name: "loss", Value: timeseries.Float(100 * float64(1-reachable))}}}))
	}
	ping(1)
	metrics, err := concern.MetricsOf(t.Context(), wispwright.ScopeAll(), monitoring.MetricFilter{ObjectID: id.String(), Configuration: "ping"})
	require.NoError(t, err)
	tolerance := 0 // minutes
	_, err = concern.Health.Alerts.Update(t.Context(), wispwright.ScopeAll(), metrics[0].ID, func(a *health.AlertSettings) error {
		a.SetRule(health.Rule{Tolerance: &tolerance})
		return nil
	})
	require.NoError(t, err)
	ping(0)
	require.Contains(t, read(quiet), "1 of 1 devices cannot be reached")
	require.NotContains(t, read(quiet)+read(quiet+"data.json"), "ap-1", "names are not for everybody")
	testkit.Eventually(t, "the incident is shown", func(context.Context) bool { return strings.Contains(read(named), "ap-1") })
	require.NotContains(t, read(quiet)+read(quiet+"data.json"), "ap-1", "nor in an incident")
	var data struct{ Status string }
	require.NoError(t, json.Unmarshal([]byte(read(quiet+"data.json")), &data))
	require.Equal(t, "critical", data.Status)

	for _, at := range []string{"/status/", "/status/wrong/", quiet + "other", "/status/" + m.organization + "/"} {
		require.Equal(t, http.StatusNotFound, get(m, at).Code, at)
	}
	require.Equal(t, http.StatusMethodNotAllowed, ask(m, http.MethodPost, quiet, "{}").Code)
	require.Equal(t, http.StatusOK, m.as("admin", http.MethodPatch, "/api/v1/users/organization/"+m.organization+"/", `{"is_active":false}`).Code)
	require.Equal(t, http.StatusNotFound, get(m, quiet).Code, "of an organization that is switched off")
}
