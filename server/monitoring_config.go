package server

import (
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/monitoringhttp"
)

// MonitoringConfig concerns what devices tell of themselves.
type MonitoringConfig struct {
	// TimeSeries is where points are kept.
	TimeSeries string `koanf:"timeseries" doc:"Where points are kept. Empty: with SQLite in timeseries.db in the data folder, with PostgreSQL in the main database. Else the file of an SQLite database, or postgres://… (TIMESERIES_DATABASE)."`
	// Retention and ShortRetention are for how long.
	Retention      time.Duration `koanf:"retention" doc:"How long points are kept (OPENWISP_MONITORING_DEFAULT_RETENTION_POLICY)."`
	ShortRetention time.Duration `koanf:"short_retention" doc:"How long points are kept that only say how things are now (OPENWISP_MONITORING_SHORT_RETENTION_POLICY)."`
	// AutoCharts are made with metrics.
	AutoCharts []string `koanf:"auto_charts" doc:"Kinds of charts that a device has from the first point on (OPENWISP_MONITORING_AUTO_CHARTS)."`
	// WifiSessions keeps clients and sessions.
	WifiSessions   bool          `koanf:"wifi_sessions" doc:"Keep WiFi clients and their sessions (OPENWISP_MONITORING_WIFI_SESSIONS_ENABLED)."`
	WifiSessionAge time.Duration `koanf:"wifi_session_age" doc:"How long WiFi sessions are kept after they began; 0: for ever (argument of delete_wifi_clients_and_sessions)."`
	// MACVendors finds who made clients.
	MACVendors bool `koanf:"mac_vendors" doc:"Say who made WiFi clients, neighbours and holders of leases, by their MAC addresses (OPENWISP_MONITORING_MAC_VENDOR_DETECTION)."`
	// DefaultChartTime is the range that nobody asked for.
	DefaultChartTime string `koanf:"default_chart_time" doc:"The range of charts where nobody chooses one: 1d, 3d, 7d, 30d, 365d (OPENWISP_MONITORING_DEFAULT_CHART_TIME)."`
	// TrafficInterfaces count on the dashboard.
	TrafficInterfaces []string `koanf:"traffic_interfaces" doc:"Names of the interfaces whose traffic is that of the whole network on the dashboard (OPENWISP_MONITORING_DASHBOARD_TRAFFIC_CHART, __all__)."`
	// TimeZone is that of callers that name none.
	TimeZone string `koanf:"time_zone" doc:"The time zone of charts where the caller names none, such as Europe/Rome (TIME_ZONE)."`
	// DocumentLimit is the largest document.
	DocumentLimit int64 `koanf:"document_limit" doc:"The largest document of a device, in bytes; larger ones are refused for good."`
	// ArrivalOrder counts as OpenWISP does.
	ArrivalOrder bool `koanf:"arrival_order" doc:"Count the traffic of documents that come out of order against the one that came before, as OpenWISP does, though that counts some bytes twice."`
}

// DefaultMonitoringConfig returns the settings that nobody has configured.
func DefaultMonitoringConfig() MonitoringConfig {
	return MonitoringConfig{
		Retention: 26280 * time.Hour, ShortRetention: 24 * time.Hour, AutoCharts: monitoring.DefaultAutoCharts(), WifiSessions: true, WifiSessionAge: 180 * 24 * time.Hour,
		MACVendors: true, DefaultChartTime: "7d", TrafficInterfaces: monitoringhttp.DefaultTrafficInterfaces()[monitoringhttp.AllOrganizations], TimeZone: "UTC", DocumentLimit: 2621440,
	}
}

// Check returns what is wrong with the settings, by key.
func (c *MonitoringConfig) Check() error {
	e := &wispwright.ValidationError{}
	for _, n := range []leastNumber{
		{"retention", int64(c.Retention), int64(24 * time.Hour)}, {"short_retention", int64(c.ShortRetention), int64(time.Hour)},
		{"wifi_session_age", int64(c.WifiSessionAge), 0}, {"document_limit", c.DocumentLimit, 1024},
	} {
		n.check(e)
	}
	if _, err := time.LoadLocation(c.TimeZone); err != nil || c.TimeZone == "" {
		e.Add("time_zone", "want the name of a time zone, such as Europe/Rome")
	}
	if _, err := (monitoring.Period{Time: c.DefaultChartTime}).Range(time.Now(), nil); err != nil {
		e.Add("default_chart_time", "want a number of days up to 365 with d behind it")
	}
	registry := monitoring.NewRegistry()
	for _, kind := range c.AutoCharts {
		if registry.Chart(kind) == nil {
			e.Add("auto_charts", "there is no kind of chart "+kind)
		}
	}
	if name, _, ok := strings.Cut(c.TimeSeries, "://"); ok && name != "postgres" && name != "postgresql" {
		e.Add("timeseries", "want the file of an SQLite database or postgres://…")
	}
	return e.Err()
}
