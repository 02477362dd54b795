package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/internal/replay"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/health"
	"github.com/wispwright/wispwright/monitoring/timeseries"
	"github.com/wispwright/wispwright/server"
)

const (
	noDocument = "what is no document is refused, instead of the document before being stored once more"
)

func ingestionDeviations() map[int][]replay.Deviation {
	empty := func(message string) []replay.Deviation {
		return []replay.Deviation{instead("status", 400, noDocument),
			instead("body", "Invalid data in \"#/\", validator says:\n\n"+message, noDocument)}
	}
	none, missing := empty("None is not of type 'object'"), empty("'type' is a required property")
	return map[int][]replay.Deviation{
		2: {instead("body", missing[1].Instead, "an empty object lacks its type")}, 26: {instead("body.actions", replay.Absent, "fields of a document are the schema's")},
		36: none,
	}
}

// old are devices of which only values are known that say nothing of how they are now.
func old(list map[int][]replay.Deviation, numbers ...int) map[int][]replay.Deviation {
	for _, n := range numbers {
		list[n] = append(list[n], instead("body.monitoring.status", "unknown", "values older than five minutes are not assessed"))
	}
	return list
}

func chartDeviations() map[int][]replay.Deviation {
	const relaxed = "one value of a modem is enough"
	return old(map[int][]replay.Deviation{
		94: {instead("body", "Invalid data in \"#/interfaces/0/mobile/signal/lte/rsrp\", validator says:\n\n'x' is not of type 'number'", relaxed)},
	}, 46, 57, 58, 60, 63, 79)
}

func alertDeviations() map[int][]replay.Deviation {
	const then = "the threshold is that of the time, not that of now"
	return map[int][]replay.Deviation{58: {instead("body.results[8].message", replay.Anything, then)}}
}

func deviceDeviations() map[int][]replay.Deviation {
	const managed = "who manages nothing is told so, as everywhere"
	return map[int][]replay.Deviation{102: {instead("status", 403, managed), instead("body.detail", "User is not a manager of the organization to which the requested resource belongs.", managed)}}
}

// unplayed are exchanges of monitoring.devices that cannot be compared.
func unplayed() map[int]string {
	const outside = "an account made outside of REST"
	return map[int]string{11: "an answer to HEAD has no body", 66: outside, 67: outside}
}

func wifiDeviations() map[int][]replay.Deviation {
	const works = "the filter works"
	return map[int][]replay.Deviation{
		18: {instead("body.count", 2, works), instead("body.results", replay.Anything, works)},
		19: {instead("body.count", 1, works), instead("body.results", replay.Anything, works)},
		60: {instead("body.count", 1, works), instead("body.results", replay.Anything, works)},
	}
}

// measure writes what a recorded check found.
func measure(t *testing.T, s *server.Server, fixture json.RawMessage) {
	t.Helper()
	var f struct {
		Write *struct {
			Device, Metric string
			Value          int64
			Time           time.Time
			Extra          map[string]float64
		} `json:"metric_write"`
		Ping *struct {
			Reachable int64
			Loss      *float64
			RTT       []float64
		} `json:"ping_result"`
		Alert *struct {
			Metric    string
			Operator  string   `json:"custom_operator"`
			Threshold *float64 `json:"custom_threshold"`
			Tolerance *int     `json:"custom_tolerance"`
			IsActive  *bool    `json:"is_active"`
		} `json:"alert_settings"`
	}
	require.NoError(t, json.Unmarshal(fixture, &f))
	// the one that was made last
	newest, err := s.Controller().Devices.List(t.Context(), wispwright.ScopeAll(), controller.DeviceFilter{}, wispwright.Page{Limit: 1})
	require.NoError(t, err)
	d := newest.Rows[0].Device
	id := d.ID
	m, ok := server.Find[*server.MonitoringConcern](s.Concerns())
	require.True(t, ok)
	device := &monitoring.Device{ID: id, OrganizationID: d.OrganizationID, Name: d.Name}
	if f.Alert != nil {
		metrics, err := m.MetricsOf(t.Context(), wispwright.ScopeAll(), monitoring.MetricFilter{ObjectID: id.String(), Configuration: f.Alert.Metric})
		require.NoError(t, err)
		require.Len(t, metrics, 1)
		_, err = m.Health.Alerts.Update(t.Context(), wispwright.ScopeAll(), metrics[0].ID, func(a *health.AlertSettings) error {
			if f.Alert.IsActive != nil {
				a.IsActive = f.Alert.IsActive
				return nil
			}
			a.SetRule(health.Rule{Operator: f.Alert.Operator, Threshold: f.Alert.Threshold, Tolerance: f.Alert.Tolerance})
			return nil
		})
		require.NoError(t, err)
	}
	if f.Ping != nil {
		fields := []timeseries.Field{{Name: "reachable", Value: timeseries.Int(f.Ping.Reachable)}, {Name: "loss", Value: timeseries.Float(100 * float64(1-f.Ping.Reachable))}}
		require.NoError(t, m.Collector.Record(t.Context(), device, time.Now(), monitoring.Measured{Kind: "ping", Fields: fields}))
	}
	if f.Write == nil {
		return
	}
	require.Equal(t, "ping", f.Write.Metric)
	fields := []timeseries.Field{{Name: "reachable", Value: timeseries.Int(f.Write.Value)}}
	for name, v := range f.Write.Extra {
		fields = append(fields, timeseries.Field{Name: name, Value: timeseries.Float(v)})
	}
	require.NoError(t, m.Collector.Record(t.Context(), device, f.Write.Time, monitoring.Measured{Kind: "ping", Fields: fields}))
}

// TestRecordedMonitoring plays what was recorded of documents, charts and sessions.
func TestRecordedMonitoring(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]*replay.Player{
		"monitoring.ingestion":     {Deviations: ingestionDeviations()},
		"monitoring.charts":        {Deviations: chartDeviations()},
		"monitoring.dashboard":     {},
		"monitoring.wifi-sessions": {Deviations: wifiDeviations()},
		"monitoring.alerts":        {Deviations: alertDeviations()},
		"monitoring.devices":       {Deviations: deviceDeviations(), Skip: unplayed()},
	} {
		t.Run(name, func(t *testing.T) {
			scenario := replay.Load(t, "rest", name+".json")
			testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
				s := newServer(t, db, func(c *settings) {
					c.Monitoring.MACVendors, c.Monitoring.TimeZone = false, "Europe/Rome"
					c.Monitoring.Thresholds = []string{"ping < 1 0", "config_applied < 1 5", "cpu > 90 5", "memory > 95 5"} // of 24.11
					c.Tenancy.SiteURL = "https://example.com"
				})
				require.NoError(t, s.LoadData(t.Context(), strings.NewReader(recordedData(t))))
				require.NoError(t, s.Start(t.Context()))
				played := *p
				played.Handler, played.Vars, played.Free = fromLoopback(s), identifiers(t, s), []string{"is_healthy"}
				played.Additive = []string{"checksums", "auto_cert", "not_renewed_since", "not_renewed_reason", "last_seen", "data_timestamp", "device_id", "deactivated_count", "has_floorplan", "image_width", "image_height"}
				played.Token = func(user string) string {
					return strings.Repeat(map[string]string{"admin": "a", "manager": "b", "operator": "c", "member": "d", "betamanager": "e"}[user], 40)
				}
				played.Idle = func(t *testing.T) { idle(t, s) }
				played.Fixture = func(t *testing.T, fixture json.RawMessage) { measure(t, s, fixture) }
				r := played.Play(t, scenario)
				require.Zero(t, r.Different)
				t.Logf("%d played, %d equal, %d excepted, %d skipped", r.Played, r.Equal, r.Excepted, r.Skipped)
			})
		})
	}
}

// monitored is a server with a device of an organization.
type monitored struct {
	*server.Server
	organization, device, key string
}

func newMonitored(t *testing.T, db *sqlstore.DB, change ...func(*settings)) *monitored {
	t.Helper()
	s := newServer(t, db, func(c *settings) {
		for _, one := range change {
			one(c)
		}
	})
	require.NoError(t, s.LoadData(t.Context(), strings.NewReader(recordedData(t))))
	require.NoError(t, s.Start(t.Context()))
	m := &monitored{Server: s, organization: identifiers(t, s)["org_alpha"], key: strings.Repeat("k", 32)}
	w := m.as("admin", http.MethodPost, "/api/v1/controller/device/", fmt.Sprintf(`{"name":"ap-1","organization":%q,"mac_address":"02:00:00:00:00:01","key":%q}`, m.organization, m.key))
	require.Equal(t, http.StatusCreated, w.Code, w.Body)
	var made struct{ ID string }
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &made))
	m.device = made.ID
	return m
}

func (m *monitored) as(user, method, path, body string) *httptest.ResponseRecorder {
	return ask(m, method, path, body, func(r *http.Request) {
		letters := map[string]string{"admin": "a", "manager": "b", "operator": "c", "member": "d", "betamanager": "e"}
		if user != "" {
			r.Header.Set("Authorization", "Bearer "+strings.Repeat(letters[user], 40))
		}
	})
}

func (m *monitored) post(t *testing.T, at time.Time, body string) *httptest.ResponseRecorder {
	t.Helper()
	query := "?key=" + m.key + "&current=true"
	if !at.IsZero() {
		query += "&time=" + at.UTC().Format("02-01-2006_15:04:05.000000")
	}
	return m.as("", http.MethodPost, "/api/v1/monitoring/device/"+m.device+"/"+query, body)
}

func traffic(rx, tx int64) string {
	return fmt.Sprintf(`{"type":"DeviceMonitoring","interfaces":[{"name":"wan","type":"ethernet","statistics":{"rx_bytes":%d,"tx_bytes":%d}}]}`, rx, tx)
}

// charts returns summaries of the device's charts by title.
func (m *monitored) charts(t *testing.T) map[string]map[string]float64 {
	t.Helper()
	w := m.as("operator", http.MethodGet, "/api/v1/monitoring/device/"+m.device+"/?time=1d", "")
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	var out struct {
		Charts []struct {
			Title   string
			Summary map[string]float64
		}
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &out))
	by := map[string]map[string]float64{}
	for _, c := range out.Charts {
		by[c.Title] = c.Summary
	}
	return by
}

func TestDocumentsOfDevices(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		m := newMonitored(t, db)
		now := time.Now().UTC().Truncate(time.Second)
		t.Run("counted once", func(t *testing.T) {
			for i, rx := range []int64{2e9, 5e9, 5e9} {
				at := now.Add(time.Duration(i-3) * 5 * time.Minute)
				w := m.post(t, at, traffic(rx, 1e9))
				require.Equal(t, http.StatusOK, w.Code, w.Body)
				require.Empty(t, w.Body.String())
				require.Empty(t, w.Header().Get("Content-Type"))
				require.Equal(t, http.StatusOK, m.post(t, at, traffic(rx, 1e9)).Code, "its answer was lost")
			}
			require.Equal(t, http.StatusOK, m.post(t, now.Add(-12*time.Minute), traffic(3e9, 1e9)).Code, "a late one of a backlog")
			require.Equal(t, map[string]float64{"download": 5, "upload": 1}, m.charts(t)["Traffic: wan"])
		})
		t.Run("bad input", func(t *testing.T) {
			for name, c := range map[string]struct {
				body, want string
				status     int
			}{
				"no JSON":        {`{"type":`, "JSON parse error", 400},
				"NaN":            {`{"type":"DeviceMonitoring","resources":{"load":[NaN,1,1]}}`, "JSON parse error", 400},
				"nothing":        {`null`, `Invalid data in \"#/\"`, 400},
				"a list":         {`[]`, `Invalid data in \"#/\"`, 400},
				"another type":   {`{"type":"Other"}`, `Invalid data in \"#/type\"`, 400},
				"no number":      {`{"type":"DeviceMonitoring","interfaces":[{"name":"x","statistics":{"rx_bytes":"1"}}]}`, `#/interfaces/0/statistics/rx_bytes`, 400},
				"below nothing":  {`{"type":"DeviceMonitoring","interfaces":[{"name":"neg","statistics":{"rx_bytes":-5,"tx_bytes":-5}}]}`, "", 200},
				"a huge number":  {`{"type":"DeviceMonitoring","interfaces":[{"name":"huge","statistics":{"rx_bytes":1e30,"tx_bytes":99999999999999999999}}]}`, "", 200},
				"no interface":   {`{"type":"DeviceMonitoring","interfaces":[{"name":"---","statistics":{"rx_bytes":1}}]}`, "", 200},
				"too few loads":  {`{"type":"DeviceMonitoring","resources":{"load":[1],"cpus":1}}`, "", 200},
				"no processor":   {`{"type":"DeviceMonitoring","resources":{"load":[1,1,1],"cpus":0}}`, "", 200},
				"no memory":      {`{"type":"DeviceMonitoring","resources":{"memory":{"total":0,"free":0,"buffered":0,"shared":0}}}`, "", 200},
				"too many bytes": {`{"type":"` + strings.Repeat("x", 3<<20) + `"}`, "larger than", 400},
			} {
				w := m.post(t, time.Time{}, c.body)
				require.Equal(t, c.status, w.Code, "%s: %s", name, w.Body)
				require.Contains(t, w.Body.String(), c.want, name)
			}
			for _, at := range []string{"", "x", "22-11-2024_10:00:00", "22-11-2024_10:00:00.", "22-11-2024_10:00:00.1234567", "32-11-2024_10:00:00.0"} {
				w := m.as("", http.MethodPost, "/api/v1/monitoring/device/"+m.device+"/?key="+m.key+"&time="+at, traffic(1, 1))
				require.Equal(t, 400, w.Code, at)
				require.JSONEq(t, `{"detail":"Incorrect time format"}`, w.Body.String(), at)
			}
			require.Equal(t, map[string]float64{"download": 0, "upload": 0}, m.charts(t)["Traffic: neg"])
		})
		t.Run("keys and tenants", func(t *testing.T) {
			path := "/api/v1/monitoring/device/" + m.device + "/"
			require.Equal(t, 403, m.as("", http.MethodPost, path, traffic(1, 1)).Code)
			require.Equal(t, 403, m.as("", http.MethodPost, path+"?key=wrong", traffic(1, 1)).Code)
			require.Equal(t, 403, m.as("admin", http.MethodPost, path+"?key=wrong", traffic(1, 1)).Code, "a session is no key")
			require.Equal(t, 404, m.as("", http.MethodPost, "/api/v1/monitoring/device/"+wispwright.NewID().String()+"/?key="+m.key, traffic(1, 1)).Code)
			for user, status := range map[string]int{"": 401, "manager": 200, "operator": 200, "member": 403, "betamanager": 403, "admin": 200} {
				require.Equal(t, status, m.as(user, http.MethodGet, path, "").Code, user)
			}
			require.Equal(t, 200, m.as("", http.MethodGet, path+"?key="+m.key, "").Code)
			require.Equal(t, 403, m.as("", http.MethodGet, path+"?key=wrong", "").Code)
			w := m.as("betamanager", http.MethodGet, "/api/v1/monitoring/device/", "")
			require.NotContains(t, w.Body.String(), m.device)
			w = m.as("betamanager", http.MethodGet, "/api/v1/monitoring/dashboard/?time=1d", "")
			require.JSONEq(t, `{"charts":[]}`, w.Body.String(), "traffic of alpha alone")
		})
		t.Run("a device that goes", func(t *testing.T) {
			require.Equal(t, 200, m.as("admin", http.MethodPost, "/api/v1/controller/device/"+m.device+"/deactivate/", "").Code)
			require.Equal(t, 404, m.post(t, time.Time{}, traffic(1, 1)).Code)
			require.Equal(t, 200, m.as("manager", http.MethodGet, "/api/v1/monitoring/device/"+m.device+"/", "").Code)
			require.Equal(t, 204, m.as("admin", http.MethodDelete, "/api/v1/controller/device/"+m.device+"/", "").Code)
			require.Equal(t, 404, m.as("admin", http.MethodGet, "/api/v1/monitoring/device/"+m.device+"/", "").Code)
			c, _ := server.Find[*server.MonitoringConcern](m.Concerns())
			id, err := wispwright.ParseID(m.device)
			require.NoError(t, err)
			_, err = c.Document(context.Background(), id)
			require.ErrorIs(t, err, wispwright.ErrNotFound)
			left, err := c.MetricsOf(context.Background(), wispwright.ScopeAll(), monitoring.MetricFilter{ObjectID: m.device})
			require.NoError(t, err)
			require.Empty(t, left)
		})
	})
}
