package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/server"
)

// TestCustomMetrics: an organization declares numbers of its documents, with charts and
// thresholds.
func TestCustomMetrics(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		m := newMonitored(t, db)
		const path = "/api/v1/monitoring/custom-metric/"
		declare := func(user, text string) (int, map[string]any) {
			w := m.as(user, http.MethodPost, path, strings.ReplaceAll(text, "ORG", m.organization))
			var out map[string]any
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &out), w.Body)
			return w.Code, out
		}
		for field, body := range map[string]string{
			"key":          `{"organization":"ORG","name":"A","key":"A b","path":"/a"}`,
			"path":         `{"organization":"ORG","name":"A","key":"a","path":"a"}`,
			"name":         `{"organization":"ORG","name":" ","key":"a","path":"/a"}`,
			"threshold":    `{"organization":"ORG","name":"A","key":"a","path":"/a","operator":">"}`,
			"operator":     `{"organization":"ORG","name":"A","key":"a","path":"/a","operator":"="}`,
			"tolerance":    `{"organization":"ORG","name":"A","key":"a","path":"/a","operator":">","threshold":1,"tolerance":-1}`,
			"chart":        `{"organization":"ORG","name":"A","key":"a","path":"/a","chart":"pie"}`,
			"organization": `{"name":"A","key":"a","path":"/a"}`,
		} {
			status, out := declare("admin", body)
			require.Equal(t, 400, status, field)
			require.Contains(t, out, field)
		}
		const temperature = `{"organization":"ORG","name":"Temperature","key":"temperature","path":"/resources/temperature","unit":"°C","operator":">","threshold":80}`
		status, made := declare("admin", temperature)
		require.Equal(t, 201, status, made)
		status, out := declare("admin", temperature)
		require.Equal(t, 400, status)
		require.Contains(t, out, "key")
		status, _ = declare("operator", strings.ReplaceAll(temperature, `"temperature"`, `"other"`))
		require.Equal(t, 403, status, "operators look")
		status, errors := declare("admin", `{"organization":"ORG","name":"Errors","key":"errors","path":"/interfaces/name=wan/statistics/rx_errors","counter":true,"chart":"bar"}`)
		require.Equal(t, 201, status)
		item := path + made["id"].(string) + "/"
		require.Equal(t, 404, m.as("betamanager", http.MethodGet, item, "").Code)
		require.Equal(t, 400, m.as("admin", http.MethodPatch, item, `{"key":"other"}`).Code)

		now := time.Now().UTC().Truncate(time.Second)
		post := func(ago time.Duration, degrees any, errors int) {
			t.Helper()
			w := m.post(t, now.Add(-ago), fmt.Sprintf(`{"type":"DeviceMonitoring","resources":{"temperature":%v},"interfaces":[{"name":"lan"},{"name":"wan","statistics":{"rx_bytes":5,"rx_errors":%d}}]}`, degrees, errors))
			require.Equal(t, 200, w.Code, w.Body)
		}
		post(4*time.Minute, 50, 100)
		post(3*time.Minute, 70, 130)
		charts := m.charts(t)
		require.Equal(t, map[string]float64{"temperature": 60}, charts["Temperature"])
		require.Equal(t, map[string]float64{"errors": 30}, charts["Errors"], "what was before the first document is not known")
		health := func() (status string) {
			w := m.as("operator", http.MethodGet, "/api/v1/monitoring/device/"+m.device+"/", "")
			var out struct{ Monitoring struct{ Status string } }
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &out))
			return out.Monitoring.Status
		}
		require.Equal(t, "ok", health())
		post(2*time.Minute, 90, 131)
		require.Equal(t, "problem", health())
		drain(t, m.Server)
		idle(t, m.Server)
		require.Contains(t, m.as("manager", http.MethodGet, "/api/v1/notifications/notification/", "").Body.String(), "Temperature of the device")
		require.Equal(t, 200, m.as("admin", http.MethodPatch, item, `{"threshold":95}`).Code)
		post(time.Minute, 91, 131)
		require.Equal(t, "ok", health(), "the threshold is another")
		post(50*time.Second, 99, 131)
		require.Equal(t, "problem", health())
		post(45*time.Second, `"none"`, 131) // what is no number is left out
		require.Equal(t, 200, m.as("admin", http.MethodPatch, item, `{"chart":""}`).Code)
		require.NotContains(t, m.charts(t), "Temperature")
		require.Equal(t, 200, m.as("admin", http.MethodPatch, item, `{"chart":"line","name":"Heat"}`).Code)
		require.Contains(t, m.charts(t), "Heat")

		scrape := func(user string) string {
			w := m.as(user, http.MethodGet, "/api/v1/monitoring/prometheus/", "")
			require.Equal(t, 200, w.Code, w.Body)
			require.Contains(t, w.Header().Get("Content-Type"), "text/plain")
			return w.Body.String()
		}
		text := scrape("operator")
		label := `{organization="alpha",device="` + m.device + `",name="ap-1"`
		require.Contains(t, text, "wispwright_device_custom_temperature"+label+"} 99\n")
		require.Contains(t, text, "# TYPE wispwright_device_receive_bytes_total counter")
		require.Contains(t, text, "wispwright_device_status"+label+`,status="problem"} 1`)
		require.NotContains(t, scrape("betamanager"), m.device)
		require.Equal(t, 401, m.as("", http.MethodGet, "/api/v1/monitoring/prometheus/", "").Code)
		require.Equal(t, 403, m.as("member", http.MethodGet, "/api/v1/monitoring/prometheus/", "").Code)

		// who declares it no more has no problem with it
		require.Equal(t, 204, m.as("admin", http.MethodDelete, item, "").Code)
		require.Equal(t, "ok", health())
		require.NotContains(t, m.charts(t), "Heat")
		require.Equal(t, 204, m.as("admin", http.MethodDelete, path+errors["id"].(string)+"/", "").Code)
		status, _ = declare("admin", strings.ReplaceAll(temperature, "Temperature", "Warmth"))
		require.Equal(t, 201, status)
		post(30*time.Second, 40, 131)
		require.Contains(t, m.charts(t), "Warmth", "what was measured under the key is shown again")
	})
}

// TestStrangeDocuments: what faulty devices send costs little and harms nobody.
func TestStrangeDocuments(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		m := newMonitored(t, db)
		now := time.Now().UTC().Truncate(time.Second)
		require.Equal(t, 400, m.post(t, now, `{"type":"DeviceMonitoring","x":"`+strings.Repeat("x", 10<<20)+`"}`).Code, "ten megabytes")

		w := m.post(t, now.Add(-4*time.Minute), traffic(3e9, 1))
		require.Equal(t, 200, w.Code, w.Body)
		// clocks that are years off
		require.Equal(t, 200, m.post(t, now.AddDate(-20, 0, 0), traffic(7e9, 1)).Code)
		require.Equal(t, 200, m.post(t, now.AddDate(10, 0, 0), traffic(5e9, 1)).Code)
		require.Equal(t, 200, m.post(t, time.Now(), traffic(6e9, 1)).Code)
		require.InDelta(t, 6, m.charts(t)["Traffic: wan"]["download"], 0, "what comes after is counted")

		// two agents with one key: values jump, nothing is below zero
		for i := range 6 {
			require.Equal(t, 200, m.post(t, time.Now(), traffic(int64(1e9*(1+i%2*8)), 1)).Code)
		}
		require.Greater(t, m.charts(t)["Traffic: wan"]["download"], 6.0)

		// a device that changes its organization
		beta := identifiers(t, m.Server)["org_beta"]
		require.Equal(t, 200, m.as("admin", http.MethodPatch, "/api/v1/controller/device/"+m.device+"/", fmt.Sprintf(`{"organization":%q}`, beta)).Code)
		require.Equal(t, 200, m.post(t, time.Now(), traffic(1e12, 1)).Code)
		require.Equal(t, 200, m.as("betamanager", http.MethodGet, "/api/v1/monitoring/device/"+m.device+"/", "").Code)
		require.Equal(t, 403, m.as("manager", http.MethodGet, "/api/v1/monitoring/device/"+m.device+"/", "").Code)
		total := func(user string) float64 {
			w := m.as(user, http.MethodGet, "/api/v1/monitoring/dashboard/?time=1d", "")
			var out struct {
				Charts []struct{ Summary map[string]float64 }
			}
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &out), w.Body)
			for _, c := range out.Charts {
				if v, ok := c.Summary["download"]; ok {
					return v
				}
			}
			return 0
		}
		require.Greater(t, total("betamanager"), 900.0)
		require.Less(t, total("manager"), 100.0, "what was before stays where it was")

		// interfaces without end
		var many strings.Builder
		for i := range 100_000 {
			fmt.Fprintf(&many, `,{"name":"e%d"}`, i)
		}
		require.Equal(t, 200, m.post(t, time.Now(), `{"type":"DeviceMonitoring","interfaces":[{"name":"wan","statistics":{"rx_bytes":1}}`+many.String()+`]}`).Code)
		many.Reset()
		for i := range 3000 {
			fmt.Fprintf(&many, `,{"name":"f%d","statistics":{"rx_bytes":1}}`, i)
		}
		require.Equal(t, 200, m.post(t, time.Now(), `{"type":"DeviceMonitoring","interfaces":[{"name":"wan","statistics":{"rx_bytes":2}}`+many.String()+`]}`).Code)
		concern, _ := server.Find[*server.MonitoringConcern](m.Concerns())
		metrics, err := concern.MetricsOf(t.Context(), wispwright.ScopeAll(), monitoring.MetricFilter{ObjectID: m.device})
		require.NoError(t, err)
		require.Len(t, metrics, 1000)
	})
}
