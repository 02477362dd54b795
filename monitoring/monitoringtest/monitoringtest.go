// Package monitoringtest checks that a storage keeps everything the concern monitoring
// relies on. Any implementation of its stores must pass Run.
package monitoringtest

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/storetest"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/timeseries"
)

// Storage is what a Harness makes: empty stores and their transactor.
type Storage struct {
	Tx     wispwright.Transactor
	Stores monitoring.Stores
}

// Harness makes a Storage. It is called once for every part of the suite.
type Harness func(t *testing.T) Storage

// Run runs the whole suite.
func Run(t *testing.T, h Harness) {
	t.Run("metrics", func(t *testing.T) { RunMetrics(t, h) })
	t.Run("clients and sessions", func(t *testing.T) { RunSessions(t, h) })
	t.Run("documents", func(t *testing.T) { RunDocuments(t, h) })
}

func at(n int) time.Time {
	return time.Date(2026, 1, 2, 3, 4, 5, 123456789, time.UTC).Add(time.Duration(n) * time.Minute)
}

func id(n int) wispwright.ID {
	var out wispwright.ID
	out[0], out[6], out[14], out[15] = 0xab, 0x40, byte(n>>8), byte(n)
	return out
}

func all() wispwright.Scope { return wispwright.ScopeAll() }

func metric(n, organization int) *monitoring.Metric {
	m := &monitoring.Metric{ID: id(1000 + n), OrganizationID: id(1 + organization), Name: fmt.Sprintf("wlan%d traffic", n), Key: "traffic", FieldName: "rx_bytes",
		Configuration: "traffic", ContentType: monitoring.DeviceType, ObjectID: id(100 + n%2).String(), MainTags: wispwright.JSON(fmt.Sprintf(`{"ifname":"wlan%d"}`, n)),
		ExtraTags: `{}`, Created: at(n), Modified: at(n + 1)}
	if n%3 != 0 {
		healthy := n%3 == 1
		m.IsHealthy = &healthy
	}
	return m
}

// RunMetrics checks the stores of metrics and charts.
func RunMetrics(t *testing.T, h Harness) {
	ctx := context.Background()
	type filter = monitoring.MetricFilter
	t.Run("repository", func(t *testing.T) {
		s := h(t)
		yes, no := true, false
		storetest.RunRepo[wispwright.ID, monitoring.Metric, filter](t, s.Stores.Metrics, storetest.Sample[wispwright.ID, monitoring.Metric, filter]{
			Tx: s.Tx, New: metric, Key: func(m *monitoring.Metric) wispwright.ID { return m.ID }, Mutate: func(m *monitoring.Metric) { m.Name += "!" },
			Missing: id(9999), Organizations: []wispwright.ID{id(1), id(2)}, Orders: []string{"Name", "Created", "Modified"},
			Search: &storetest.Search[monitoring.Metric, filter]{Put: func(m *monitoring.Metric, text string) { m.Name = text }, Filter: func(text string) filter { return filter{Search: text} }},
			Uniques: map[string]func(*monitoring.Metric) *monitoring.Metric{
				monitoring.UniqueMetric: func(first *monitoring.Metric) *monitoring.Metric {
					second := *first
					second.ID = id(3999)
					return &second
				},
			},
			Filters: map[string]storetest.Filter[monitoring.Metric, filter]{
				"object":   {Filter: filter{ContentType: monitoring.DeviceType, ObjectID: id(101).String()}, Selects: func(m *monitoring.Metric) bool { return m.ObjectID == id(101).String() }},
				"objects":  {Filter: filter{ObjectIDs: wispwright.Only(id(100).String())}, Selects: func(m *monitoring.Metric) bool { return m.ObjectID == id(100).String() }},
				"healthy":  {Filter: filter{IsHealthy: &yes}, Selects: func(m *monitoring.Metric) bool { return m.IsHealthy != nil && *m.IsHealthy }},
				"ill":      {Filter: filter{IsHealthy: &no}, Selects: func(m *monitoring.Metric) bool { return m.IsHealthy != nil && !*m.IsHealthy }},
				"general":  {Filter: filter{General: &yes}, Selects: func(m *monitoring.Metric) bool { return false }},
				"objects'": {Filter: filter{General: &no}, Selects: func(m *monitoring.Metric) bool { return true }},
			},
		})
	})
	t.Run("charts go with their metric", func(t *testing.T) {
		s := h(t)
		require.NoError(t, s.Stores.Metrics.InsertMany(ctx, []*monitoring.Metric{metric(0, 0), metric(1, 0), metric(2, 0)}))
		for n := range 3 {
			c := &monitoring.Chart{ID: id(2000 + n), OrganizationID: id(1), MetricID: id(1000 + n), ContentType: monitoring.DeviceType, ObjectID: id(100 + n%2).String(), Configuration: "traffic", Created: at(n), Modified: at(n)}
			require.NoError(t, s.Stores.Charts.InsertMany(ctx, []*monitoring.Chart{c}))
			twin := *c
			twin.ID = id(2100 + n)
			var conflict *wispwright.ConflictError
			require.ErrorAs(t, s.Stores.Charts.Insert(ctx, &twin), &conflict)
			require.Equal(t, monitoring.UniqueChart, conflict.Unique)
		}
		charts := func(f monitoring.ChartFilter) int {
			found, err := s.Stores.Charts.List(ctx, all(), f, wispwright.Page{})
			require.NoError(t, err)
			return found.Total
		}
		require.NoError(t, s.Stores.Metrics.Delete(ctx, all(), id(1002)))
		require.Equal(t, 1, charts(monitoring.ChartFilter{ContentType: monitoring.DeviceType, ObjectID: id(100).String()}))
		require.NoError(t, s.Stores.Metrics.Move(ctx, monitoring.DeviceType, id(100).String(), id(2)))
		m, err := s.Stores.Metrics.Get(ctx, wispwright.ScopeOf(id(2)), id(1000))
		require.NoError(t, err)
		require.Equal(t, id(2), m.OrganizationID)
		_, err = s.Stores.Charts.Get(ctx, wispwright.ScopeOf(id(2)), id(2000))
		require.NoError(t, err)
		require.NoError(t, s.Stores.Metrics.DeleteOf(ctx, monitoring.DeviceType, id(101).String(), id(7).String()))
		require.Equal(t, 1, charts(monitoring.ChartFilter{}))
		_, err = s.Stores.Metrics.Get(ctx, all(), id(1001))
		require.ErrorIs(t, err, wispwright.ErrNotFound)
	})
}

func mac(n int) string { return fmt.Sprintf("02:00:00:00:00:%02x", n) }

func session(n, organization int) *monitoring.WifiSession {
	s := &monitoring.WifiSession{ID: id(1000 + n), OrganizationID: id(1 + organization), DeviceID: id(100 + n%3), MACAddress: mac(n % 4), SSID: fmt.Sprintf("net %d", n),
		InterfaceName: "wlan" + strconv.Itoa(n%2), StartTime: at(n), Modified: at(n)}
	if n%2 == 0 {
		end := at(n + 3)
		s.StopTime = &end
	}
	return s
}

// RunSessions checks the stores of clients and sessions.
func RunSessions(t *testing.T, h Harness) {
	ctx := context.Background()
	type filter = monitoring.WifiSessionFilter
	clients := func(t *testing.T, s Storage) {
		var list []*monitoring.WifiClient
		yes := true
		for n := range 4 {
			list = append(list, &monitoring.WifiClient{MACAddress: mac(n), Vendor: "näher", HT: &yes, WMM: true, Created: at(n), Modified: at(n)})
		}
		require.NoError(t, s.Stores.Clients.Put(ctx, list))
	}
	t.Run("repository", func(t *testing.T) {
		s := h(t)
		clients(t, s)
		yes, no := true, false
		cut := func(n int) time.Time { return at(n).Truncate(time.Microsecond) }
		ended := func(s *monitoring.WifiSession, holds func(time.Time) bool) bool {
			return s.StopTime != nil && holds(*s.StopTime)
		}
		storetest.RunRepo[wispwright.ID, monitoring.WifiSession, filter](t, s.Stores.Sessions, storetest.Sample[wispwright.ID, monitoring.WifiSession, filter]{
			Tx: s.Tx, New: session, Key: func(m *monitoring.WifiSession) wispwright.ID { return m.ID }, Mutate: func(m *monitoring.WifiSession) { m.SSID += "!" },
			Missing: id(9999), Organizations: []wispwright.ID{id(1), id(2)}, Orders: []string{"StartTime"},
			Orphan: func(n int) *monitoring.WifiSession { o := session(n, 0); o.MACAddress = "none"; return o },
			Search: &storetest.Search[monitoring.WifiSession, filter]{Put: func(m *monitoring.WifiSession, text string) { m.SSID = text }, Filter: func(text string) filter { return filter{Search: text} }},
			Filters: map[string]storetest.Filter[monitoring.WifiSession, filter]{
				"device":  {Filter: filter{DeviceID: id(101)}, Selects: func(s *monitoring.WifiSession) bool { return s.DeviceID == id(101) }},
				"devices": {Filter: filter{DeviceIDs: wispwright.Only(id(101), id(102))}, Selects: func(s *monitoring.WifiSession) bool { return s.DeviceID != id(100) }},
				"client":  {Filter: filter{MACAddress: mac(1)}, Selects: func(s *monitoring.WifiSession) bool { return s.MACAddress == mac(1) }},
				"open":    {Filter: filter{Open: &yes}, Selects: func(s *monitoring.WifiSession) bool { return s.StopTime == nil }},
				"ended":   {Filter: filter{Open: &no}, Selects: func(s *monitoring.WifiSession) bool { return s.StopTime != nil }},
				"from":    {Filter: filter{StartTimeFrom: cut(3)}, Selects: func(s *monitoring.WifiSession) bool { return !s.StartTime.Before(cut(3)) }},
				"after":   {Filter: filter{StartTimeAfter: cut(3)}, Selects: func(s *monitoring.WifiSession) bool { return s.StartTime.After(cut(3)) }},
				"until":   {Filter: filter{StartTimeUntil: cut(3)}, Selects: func(s *monitoring.WifiSession) bool { return !s.StartTime.After(cut(3)) }},
				"stopped until": {Filter: filter{StopTimeUntil: cut(5)}, Selects: func(s *monitoring.WifiSession) bool {
					return ended(s, func(t time.Time) bool { return !t.After(cut(5)) })
				}},
				"stopped after": {Filter: filter{StopTimeAfter: cut(5)}, Selects: func(s *monitoring.WifiSession) bool {
					return ended(s, func(t time.Time) bool { return t.After(cut(5)) })
				}},
			},
		})
	})
	t.Run("life of a client", func(t *testing.T) {
		s := h(t)
		clients(t, s)
		no := false
		require.NoError(t, s.Stores.Clients.Put(ctx, []*monitoring.WifiClient{{MACAddress: mac(1), Vendor: "new", HT: &no, WPS: true, Created: at(50), Modified: at(50)}}))
		c, err := s.Stores.Clients.Get(ctx, all(), mac(1))
		require.NoError(t, err)
		require.Equal(t, "new", c.Vendor)
		require.False(t, *c.HT)
		require.True(t, c.Created.Before(at(40)), "it stays when it came")
		require.NoError(t, s.Stores.Sessions.InsertMany(ctx, []*monitoring.WifiSession{session(0, 0), session(1, 0), session(4, 0)}))
		require.NoError(t, s.Stores.Sessions.Stop(ctx, at(60), id(1000), id(1001), id(7)))
		get := func(n int) *monitoring.WifiSession {
			out, err := s.Stores.Sessions.Get(ctx, all(), id(1000+n))
			require.NoError(t, err)
			return out
		}
		require.True(t, get(0).StopTime.Before(at(40)), "it had ended before")
		require.Equal(t, at(60).Truncate(time.Microsecond), get(1).StopTime.UTC().Truncate(time.Microsecond))
		require.NoError(t, s.Stores.Sessions.Move(ctx, id(101), id(2)))
		require.Equal(t, id(2), get(1).OrganizationID)
		n, err := s.Stores.Sessions.DeleteBefore(ctx, at(1).Truncate(time.Microsecond), 10)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		n, err = s.Stores.Clients.DeleteIdle(ctx, 1)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		n, err = s.Stores.Clients.DeleteIdle(ctx, 10)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.NoError(t, s.Stores.Sessions.DeleteOf(ctx, id(101)))
		found, err := s.Stores.Sessions.List(ctx, all(), filter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Zero(t, found.Total)
	})
}

// RunDocuments posts documents of an access point through the concern.
func RunDocuments(t *testing.T, h Harness) {
	ctx := context.Background()
	s := h(t)
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	m, err := monitoring.New(s.Tx, s.Stores, timeseries.NewMemory(0, 0), &monitoring.Options{Clock: func() time.Time { return now }})
	require.NoError(t, err)
	device := &monitoring.Device{ID: id(100), OrganizationID: id(1)}
	post := func(bytes int, clients ...string) {
		t.Helper()
		list := ""
		for i, c := range clients {
			if i > 0 {
				list += ","
			}
			list += fmt.Sprintf(`{"mac":%q,"auth":true,"authorized":true,"ht":true,"vht":false,"wmm":true,"mfp":false}`, c)
		}
		body := fmt.Sprintf(`{"type":"DeviceMonitoring","interfaces":[{"name":"wlan0","type":"wireless","statistics":{"rx_bytes":%d,"tx_bytes":1},
			"wireless":{"channel":1,"country":"DE","frequency":2412,"mode":"access_point","noise":-90,"ssid":"net","tx_power":10,"clients":[%s]}}]}`, bytes, list)
		require.NoError(t, m.Collector.Collect(ctx, monitoring.Sample{Device: device, Body: []byte(body)}))
		now = now.Add(5 * time.Minute)
	}
	open := func() int {
		yes := true
		found, err := m.Sessions.List(ctx, all(), monitoring.WifiSessionFilter{Open: &yes}, wispwright.Page{})
		require.NoError(t, err)
		return found.Total
	}
	require.NoError(t, m.Install(ctx))
	require.NoError(t, m.Install(ctx), "once and for all")
	post(100, mac(1), mac(2))
	require.Equal(t, 2, open())
	post(150, mac(2))
	require.Equal(t, 1, open())
	post(50, mac(1), mac(2), mac(2), "not an address")
	require.Equal(t, 2, open())
	metrics, err := m.MetricsOf(ctx, wispwright.ScopeOf(id(1)), monitoring.MetricFilter{})
	require.NoError(t, err)
	require.Len(t, metrics, 2)
	require.JSONEq(t, fmt.Sprintf(`{"organization_id":%q}`, id(1)), string(metrics[0].ExtraTags))
	device.OrganizationID, device.LocationID = id(2), id(55)
	require.NoError(t, m.MoveDevice(ctx, device.ID, id(2)))
	post(60, mac(1))
	metrics, err = m.MetricsOf(ctx, wispwright.ScopeOf(id(2)), monitoring.MetricFilter{})
	require.NoError(t, err)
	require.Len(t, metrics, 2)
	require.JSONEq(t, fmt.Sprintf(`{"organization_id":%q,"location_id":%q}`, id(2), id(55)), string(metrics[0].ExtraTags))
	r, err := monitoring.Period{Time: "1d"}.Range(now, nil)
	require.NoError(t, err)
	answer, err := m.Charts.Read(ctx, monitoring.Selection{Object: timeseries.Object{Type: monitoring.DeviceType, ID: device.ID.String()}}, r)
	require.NoError(t, err)
	require.Len(t, answer.Charts, 2)
	require.Equal(t, "WiFi clients: wlan0", answer.Charts[0].Title)
	require.EqualValues(t, 3, answer.Charts[0].Summary["wifi_clients"])
	general, err := m.Charts.Read(ctx, monitoring.Selection{}, r)
	require.NoError(t, err)
	require.Len(t, general.Charts, 2)
	require.NoError(t, m.Sessions.Close(ctx, device.ID))
	require.Zero(t, open())
	post(70, mac(1))
	require.Equal(t, 1, open(), "it is there as before")
	post(80, mac(1))
	require.Equal(t, 1, open())
	now = now.Add(200 * 24 * time.Hour)
	sessions, clients, err := m.Sessions.Clean(ctx, 180*24*time.Hour)
	require.NoError(t, err)
	require.Equal(t, []int{4, 2}, []int{sessions, clients})
	require.NoError(t, s.Tx.InTx(ctx, func(ctx context.Context) error { return m.ForgetDevices(ctx, device.ID) }))
	metrics, err = m.MetricsOf(ctx, all(), monitoring.MetricFilter{ObjectID: device.ID.String()})
	require.NoError(t, err)
	require.Empty(t, metrics)
	_, err = m.Document(ctx, device.ID)
	require.ErrorIs(t, err, wispwright.ErrNotFound)
}
