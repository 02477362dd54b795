package server

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/check"
	"github.com/wispwright/wispwright/monitoring/check/iperf"
	"github.com/wispwright/wispwright/monitoring/health"
	"github.com/wispwright/wispwright/monitoring/monitoringhttp"
)

// MonitoringConfig concerns what devices tell of themselves.
type MonitoringConfig struct {
	// TimeSeries is where points are kept.
	TimeSeries string `koanf:"timeseries" doc:"Where points are kept. Empty: with SQLite in timeseries.db in the data folder, with PostgreSQL in the main database. Else the file of an SQLite database, postgres://…, influxdb://user:password@host:8086/database?udp=host:8089, or victoriametrics://host:8428 (TIMESERIES_DATABASE)."`
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
	// SpoolLimit bounds what waits while the time-series store is away.
	SpoolLimit int64 `koanf:"spool_limit" doc:"How many bytes of documents may wait in the folder spool of the data folder while the time-series store is away; 0: none, devices keep them then. Beyond half of it documents of the past are refused (503), beyond all of it every document; what was accepted is never thrown away."`
	// Checks runs checks on this node.
	Checks bool `koanf:"checks" doc:"Run checks on this node."`
	// CheckEvery is how often.
	CheckEvery time.Duration `koanf:"check_interval" doc:"How often checks run (the schedule of run_checks)."`
	// AutoPing, AutoConfigCheck and AutoDataCollected give new devices checks.
	AutoPing          bool `koanf:"auto_ping" doc:"New devices are pinged (OPENWISP_MONITORING_AUTO_PING)."`
	AutoConfigCheck   bool `koanf:"auto_config_check" doc:"Of new devices it is checked whether their configuration is applied (OPENWISP_MONITORING_AUTO_DEVICE_CONFIG_CHECK)."`
	AutoDataCollected bool `koanf:"auto_data_collected" doc:"Of new devices it is checked whether they send documents (OPENWISP_MONITORING_AUTO_DATA_COLLECTED_CHECK)."`
	// AutoWiFiClients and AutoIperf3 are the same of further checks.
	AutoWiFiClients bool `koanf:"auto_wifi_clients" doc:"Of new devices the number of WiFi clients is checked (OPENWISP_MONITORING_AUTO_WIFI_CLIENTS_CHECK)."`
	AutoIperf3      bool `koanf:"auto_iperf3" doc:"New devices measure their throughput with iperf3 (OPENWISP_MONITORING_AUTO_IPERF3)."`
	// WiFiMaxInterval and WiFiMinInterval are over which clients are counted, WiFiSnooze when they are not.
	WiFiMaxInterval time.Duration `koanf:"wifi_clients_max_interval" doc:"Over how long the most WiFi clients are counted (OPENWISP_MONITORING_WIFI_CLIENTS_MAX_CHECK_INTERVAL)."`
	WiFiMinInterval time.Duration `koanf:"wifi_clients_min_interval" doc:"Over how long the least WiFi clients are counted (OPENWISP_MONITORING_WIFI_CLIENTS_MIN_CHECK_INTERVAL)."`
	WiFiSnooze      []string      `koanf:"wifi_clients_snooze" doc:"Times in which WiFi clients are not checked, such as 22:00-06:00 or 12-24 - 01-06 (OPENWISP_MONITORING_WIFI_CLIENTS_CHECK_SNOOZE_SCHEDULE)."`
	// Iperf3 are the parameters of organizations, Iperf3Hours when it runs.
	Iperf3           []string      `koanf:"iperf3" doc:"Parameters of iperf3 for organizations, such as 33333333-3333-4333-8333-333333333333={\"host\":[\"iperf.example.org\"]} (OPENWISP_MONITORING_IPERF3_CHECK_CONFIG)."`
	Iperf3Hours      string        `koanf:"iperf3_hours" doc:"The time of the day in which iperf3 runs, such as 00:00-07:00; empty: always."`
	Iperf3LockExpire time.Duration `koanf:"iperf3_lock_expire" doc:"After how long a server of iperf3 is free again whatever happened (OPENWISP_MONITORING_IPERF3_CHECK_LOCK_EXPIRE)."`
	Iperf3DeleteKey  bool          `koanf:"iperf3_delete_key" doc:"Remove the key of the server of iperf3 from the device after each check (OPENWISP_MONITORING_IPERF3_CHECK_DELETE_RSA_KEY)."`
	// ManagementIPOnly pings no public addresses.
	ManagementIPOnly bool `koanf:"management_ip_only" doc:"Check devices at their management address only, and not at the public one if that is missing (OPENWISP_MONITORING_MANAGEMENT_IP_ONLY)."`
	// ConfigCheckInterval and DataCollectedInterval are what is tolerated.
	ConfigCheckInterval   time.Duration `koanf:"config_check_interval" doc:"How long a changed configuration may be unapplied (OPENWISP_MONITORING_CONFIG_CHECK_INTERVAL)."`
	DataCollectedInterval time.Duration `koanf:"data_collected_interval" doc:"How long a device may send nothing (OPENWISP_MONITORING_DATA_COLLECTED_CHECK_INTERVAL)."`
	// RecoveryDetection checks devices that are heard of again.
	RecoveryDetection bool `koanf:"recovery_detection" doc:"Check a device at once that was out of reach and is heard of again (OPENWISP_MONITORING_DEVICE_RECOVERY_DETECTION)."`
	// Thresholds are those of kinds of metrics.
	Thresholds []string `koanf:"thresholds" doc:"Thresholds of kinds of metrics where nobody chooses others: kind, operator, value and minutes of tolerance, such as \"cpu > 90 30\" (alert_settings of OPENWISP_MONITORING_METRICS)."`
	// CriticalMetrics make devices critical.
	CriticalMetrics []string `koanf:"critical_metrics" doc:"Metrics, as key/field, without which a device is out of reach: it is critical when all are unwell that it has (OPENWISP_MONITORING_CRITICAL_DEVICE_METRICS)."`
	// AnyCritical is the rule of OpenWISP 24.11.
	AnyCritical bool `koanf:"any_critical" doc:"A device is critical when any critical metric is unwell, as in OpenWISP 24.11."`
	// ClearManagementIP forgets addresses.
	ClearManagementIP bool `koanf:"clear_management_ip" doc:"Forget the management address of a device that becomes critical (OPENWISP_MONITORING_AUTO_CLEAR_MANAGEMENT_IP)."`
	// ToleranceInterval is how far values are apart.
	ToleranceInterval time.Duration `koanf:"tolerance_interval" doc:"How far values of a metric are usually apart (OPENWISP_MONITORING_TOLERANCE_INTERVAL)."`
	// Together, MostTold and MostFlaps bound what people are told.
	Together  time.Duration `koanf:"incident_together" doc:"Devices of an organization that become ill in the same way within this time are one incident."`
	MostTold  int           `koanf:"incident_most_told" doc:"Of how many devices of one incident people are told one by one; of more they are told the number."`
	MostFlaps int           `koanf:"most_flaps" doc:"How many problems of one metric within an hour people are told of, if it comes and goes."`
	// UplinkDelay is how long devices wait for the failure of their uplink.
	UplinkDelay time.Duration `koanf:"uplink_delay" doc:"How long a device waits for the failure of its uplink to be seen before people are told of it."`
	// EscalateAfter tells again.
	EscalateAfter time.Duration `koanf:"escalate_after" doc:"After how long people are told again of an incident that nobody has acknowledged; 0: never."`
	// GateUnreachable and GateProblems stop waves.
	GateUnreachable int     `koanf:"gate_unreachable" doc:"How many devices of a wave may be out of reach since it began before it is stopped, where its strategy does not say."`
	GateProblems    float64 `koanf:"gate_problems" doc:"How many percent of the devices of a wave may have a problem since it began before it is stopped, where its strategy does not say."`
	// AvailabilityTarget is what was promised.
	AvailabilityTarget float64 `koanf:"availability_target" doc:"How much of the time devices should be reachable, in percent; reports of availability say who misses it."`
	// ArrivalOrder counts as OpenWISP does.
	ArrivalOrder bool `koanf:"arrival_order" doc:"Count the traffic of documents that come out of order against the one that came before, as OpenWISP does, though that counts some bytes twice."`
}

// defaultMonitoringConfig returns the settings that nobody has configured.
func defaultMonitoringConfig() MonitoringConfig {
	return MonitoringConfig{
		Retention: 26280 * time.Hour, ShortRetention: 24 * time.Hour, AutoCharts: monitoring.DefaultAutoCharts(), WifiSessions: true, WifiSessionAge: 180 * 24 * time.Hour,
		MACVendors: true, DefaultChartTime: "7d", TrafficInterfaces: monitoringhttp.DefaultTrafficInterfaces()[monitoringhttp.AllOrganizations], TimeZone: "UTC", DocumentLimit: 2621440, SpoolLimit: 256 << 20,
		Checks: true, CheckEvery: 5 * time.Minute, AutoPing: true, AutoConfigCheck: true, AutoDataCollected: true, ManagementIPOnly: true, ConfigCheckInterval: 5 * time.Minute,
		DataCollectedInterval: time.Hour, RecoveryDetection: true, WiFiMaxInterval: 5 * time.Minute, WiFiMinInterval: 72 * time.Hour, Iperf3Hours: "00:00-07:00", Iperf3LockExpire: 10 * time.Minute, Iperf3DeleteKey: true,
		CriticalMetrics: []string{"ping/reachable", "data_collected/data_collected"}, ClearManagementIP: true, ToleranceInterval: 5 * time.Minute, Together: 10 * time.Minute,
		MostTold: 5, MostFlaps: 5, UplinkDelay: 20 * time.Second, EscalateAfter: 4 * time.Hour, GateProblems: 10, AvailabilityTarget: 99.5,
	}
}

// health are the options that follow.
func (c *MonitoringConfig) health() *health.Options {
	o := &health.Options{AnyCritical: c.AnyCritical, Usual: c.ToleranceInterval, Together: c.Together, MostTold: c.MostTold, MostFlaps: c.MostFlaps,
		UplinkDelay: c.UplinkDelay, EscalateAfter: c.EscalateAfter, Critical: []health.CriticalMetric{}}
	for _, text := range c.CriticalMetrics {
		key, field, _ := strings.Cut(text, "/")
		o.Critical = append(o.Critical, health.CriticalMetric{Key: key, Field: field})
	}
	return o
}

// iperfHours are the time of the day in which iperf3 runs; the same twice: always.
func (c *MonitoringConfig) iperfHours() (out [2]time.Duration, err error) {
	if c.Iperf3Hours == "" {
		return out, nil
	}
	from, to, _ := strings.Cut(c.Iperf3Hours, "-")
	for i, text := range []string{from, to} {
		at, err := time.Parse("15:04", strings.TrimSpace(text))
		if err != nil {
			return out, fmt.Errorf("%q: want two times of the day, such as 00:00-07:00", c.Iperf3Hours)
		}
		out[i] = time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
	}
	return out, nil
}

// iperfOrganizations are the parameters of iperf3 for organizations.
func (c *MonitoringConfig) iperfOrganizations() (map[wispwright.ID]iperf.Params, error) {
	out := map[wispwright.ID]iperf.Params{}
	for _, text := range c.Iperf3 {
		name, params, ok := strings.Cut(text, "=")
		id, err := wispwright.ParseID(name)
		if !ok || err != nil {
			return nil, errors.New("want the id of an organization, =, and an object of parameters")
		}
		p, err := iperf.Parse(wispwright.JSON(params))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out[id] = p
	}
	return out, nil
}

// choose sets a threshold of a kind of metric: "cpu > 90 30".
func choose(r *monitoring.Registry, text string) error {
	words := strings.Fields(text)
	if len(words) != 4 {
		return fmt.Errorf("%q: want kind, operator, value and minutes", text)
	}
	value, err := strconv.ParseFloat(words[2], 64)
	if err != nil {
		return fmt.Errorf("%q: %q is no number", text, words[2])
	}
	minutes, err := strconv.Atoi(words[3])
	if err != nil || minutes < 0 || minutes > health.MaxTolerance {
		return fmt.Errorf("%q: want 0 to %d minutes", text, health.MaxTolerance)
	}
	return r.ChangeMetric(words[0], func(c *monitoring.MetricConfig) {
		t := monitoring.Threshold{}
		if c.Alert != nil {
			t = *c.Alert
		}
		t.Operator, t.Value, t.Tolerance = words[1], value, minutes
		c.Alert = &t
	})
}

// Check returns what is wrong with the settings, by key.
func (c *MonitoringConfig) Check() error {
	e := &wispwright.ValidationError{}
	for _, n := range []leastNumber{
		{"retention", int64(c.Retention), int64(24 * time.Hour)}, {"short_retention", int64(c.ShortRetention), int64(time.Hour)},
		{"wifi_session_age", int64(c.WifiSessionAge), 0}, {"check_interval", int64(c.CheckEvery), int64(10 * time.Second)},
		{"config_check_interval", int64(c.ConfigCheckInterval), 0}, {"data_collected_interval", int64(c.DataCollectedInterval), int64(time.Minute)},
		{"tolerance_interval", int64(c.ToleranceInterval), int64(time.Second)},
		{"incident_together", int64(c.Together), int64(time.Minute)}, {"incident_most_told", int64(c.MostTold), 1}, {"most_flaps", int64(c.MostFlaps), 1},
		{"uplink_delay", int64(c.UplinkDelay), int64(time.Second)}, {"escalate_after", int64(c.EscalateAfter), 0}, {"document_limit", c.DocumentLimit, 1024}, {"spool_limit", c.SpoolLimit, 0}, {"gate_unreachable", int64(c.GateUnreachable), 0}, {"wifi_clients_max_interval", int64(c.WiFiMaxInterval), int64(time.Minute)}, {"wifi_clients_min_interval", int64(c.WiFiMinInterval), int64(time.Minute)},
		{"iperf3_lock_expire", int64(c.Iperf3LockExpire), int64(time.Minute)},
	} {
		n.check(e)
	}
	if c.AvailabilityTarget < 0 || c.AvailabilityTarget > 100 {
		e.Add("availability_target", "want a part from 0 to 100")
	}
	if c.GateProblems < 0 || c.GateProblems > 100 {
		e.Add("gate_problems", "want a part from 0 to 100")
	}
	if _, err := c.iperfHours(); err != nil {
		e.Add("iperf3_hours", err.Error())
	}
	if _, err := c.iperfOrganizations(); err != nil {
		e.Add("iperf3", err.Error())
	}
	if _, err := check.ParseSchedule(c.WiFiSnooze, time.UTC); err != nil {
		e.Add("wifi_clients_snooze", err.Error())
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
	for _, text := range c.Thresholds {
		if err := choose(registry, text); err != nil {
			e.Add("thresholds", err.Error())
		}
	}
	for _, text := range c.CriticalMetrics {
		if key, field, ok := strings.Cut(text, "/"); !ok || key == "" || field == "" {
			e.Add("critical_metrics", text+": want key/field, such as ping/reachable")
		}
	}
	if err := checkSeries(c.TimeSeries); err != nil {
		e.Add("timeseries", err.Error())
	}
	return e.Err()
}
