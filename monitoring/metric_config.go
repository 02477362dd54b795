package monitoring

import (
	"errors"
	"fmt"
	"slices"
)

// Threshold says when a metric is not well, by default.
type Threshold struct {
	// Operator is "<" or ">".
	Operator string
	// Value is the threshold.
	Value float64
	// Tolerance is for how many minutes it may be crossed before somebody is told.
	Tolerance int
	// Silent says that nobody is told until somebody asks for it.
	Silent bool
}

// MetricConfig is a kind of metric (spec: monitoring §3).
type MetricConfig struct {
	// Key is the name in the registry, at most 16 bytes.
	Key string
	// Label is what people choose it by.
	Label string
	// Name is the metric's name; "" is given by the caller that makes one.
	Name string
	// Measurement is the metric's key; "" is given by the caller that makes one.
	Measurement string
	// Field is the main value, Related are the others.
	Field   string
	Related []string
	// AlertField is the value that Alert is about; "": Field.
	AlertField string
	// Alert is the threshold that metrics of this kind have from the beginning; nil: none.
	Alert *Threshold
	// Charts are kinds of charts that metrics of this kind may have.
	Charts []string
	// AlwaysCharted makes the charts whether or not they are in Options.AutoCharts.
	AlwaysCharted bool
	// Short keeps points for a day only.
	Short bool
	// Declared says that an organization declared it while the program ran; it may get
	// another threshold at any time, and has none if Alert is nil.
	Declared bool
}

// Check returns what is wrong with the configuration.
func (c *MetricConfig) Check() error {
	switch {
	case c.Key == "" || len(c.Key) > 16:
		return errors.New("a metric's key has 1 to 16 bytes")
	case c.Label == "" || c.Field == "":
		return fmt.Errorf("metric %s: label and field are needed", c.Key)
	case c.AlertField != "" && c.AlertField != c.Field && !slices.Contains(c.Related, c.AlertField):
		return fmt.Errorf("metric %s: %q is neither the field nor a related one", c.Key, c.AlertField)
	case c.Alert != nil && c.Alert.Operator != "<" && c.Alert.Operator != ">":
		return fmt.Errorf("metric %s: the operator is < or >", c.Key)
	}
	return nil
}

// Has reports whether the metric has a field.
func (c *MetricConfig) Has(field string) bool {
	return field == c.Field || slices.Contains(c.Related, field)
}

// BuiltinMetrics returns the kinds of metrics of the product, with the tolerances of
// later releases (spec: monitoring §3, additions M-1).
func BuiltinMetrics() []MetricConfig {
	return []MetricConfig{
		{Key: "ping", Label: "Ping", Name: "Ping", Measurement: "ping", Field: "reachable", Related: []string{"loss", "rtt_min", "rtt_max", "rtt_avg"},
			Alert: &Threshold{Operator: "<", Value: 1, Tolerance: 30}, Charts: []string{"uptime", "packet_loss", "rtt"}},
		{Key: "config_applied", Label: "Configuration Applied", Name: "Configuration Applied", Measurement: "config_applied", Field: "config_applied",
			Alert: &Threshold{Operator: "<", Value: 1, Tolerance: 10}, Short: true},
		{Key: "traffic", Label: "Traffic", Field: "rx_bytes", Related: []string{"tx_bytes"}, Measurement: "traffic", Charts: []string{"traffic"}},
		{Key: "general_traffic", Label: "General Traffic", Name: "General Traffic", Measurement: "traffic", Field: "rx_bytes", Related: []string{"tx_bytes"},
			Charts: []string{"general_traffic"}},
		{Key: "clients", Label: "Clients", Field: "clients", Measurement: "wifi_clients", Charts: []string{"wifi_clients"}},
		{Key: "general_clients", Label: "General WiFi Clients", Name: "General WiFi Clients", Measurement: "wifi_clients", Field: "clients",
			Charts: []string{"gen_wifi_clients"}},
		{Key: "disk", Label: "Disk usage", Name: "Disk usage", Measurement: "disk", Field: "used_disk", Alert: &Threshold{Operator: ">", Value: 90, Tolerance: 0}, Charts: []string{"disk"}},
		{Key: "memory", Label: "Memory usage", Name: "Memory usage", Measurement: "memory", Field: "percent_used",
			Related: []string{"total_memory", "free_memory", "buffered_memory", "shared_memory", "cached_memory", "available_memory"},
			Alert:   &Threshold{Operator: ">", Value: 95, Tolerance: 30}, Charts: []string{"memory"}},
		{Key: "cpu", Label: "CPU usage", Name: "CPU usage", Measurement: "cpu", Field: "cpu_usage", Related: []string{"load_1", "load_5", "load_15"},
			Alert: &Threshold{Operator: ">", Value: 90, Tolerance: 30}, Charts: []string{"cpu"}},
		{Key: "signal_strength", Label: "Signal Strength", Field: "signal_strength", Measurement: "signal", Related: []string{"signal_power"},
			Charts: []string{"signal_strength"}, AlwaysCharted: true},
		{Key: "signal_quality", Label: "Signal Quality", Field: "signal_quality", Measurement: "signal", Related: []string{"snr"},
			Charts: []string{"signal_quality"}, AlwaysCharted: true},
		{Key: "access_tech", Label: "Access Technology", Field: "access_tech", Measurement: "signal", Charts: []string{"access_tech"}, AlwaysCharted: true},
		{Key: "iperf3", Label: "Iperf3", Name: "Iperf3", Measurement: "iperf3", Field: "iperf3_result",
			Related: []string{"sent_bps_tcp", "received_bps_tcp", "sent_bytes_tcp", "received_bytes_tcp", "retransmits", "sent_bytes_udp", "sent_bps_udp",
				"jitter", "total_packets", "lost_packets", "lost_percent"},
			Alert: &Threshold{Operator: "<", Value: 1, Silent: true}, Charts: []string{"bandwidth", "transfer", "retransmits", "jitter", "datagram", "datagram_loss"}, AlwaysCharted: true},
		{Key: "data_collected", Label: "Monitoring Data Collected", Name: "Monitoring Data Collected", Measurement: "data_collected", Field: "data_collected",
			Related: []string{"age"}, Alert: &Threshold{Operator: "<", Value: 1, Tolerance: 30}, Short: true},
		{Key: "wifi_clients_max", Label: "Max WiFi Clients", Name: "Max WiFi Clients", Measurement: "wifi_clients_max", Field: "clients",
			Alert: &Threshold{Operator: ">", Value: 50, Tolerance: 120}, Short: true},
		{Key: "wifi_clients_min", Label: "Min WiFi Clients", Name: "Min WiFi Clients", Measurement: "wifi_clients_min", Field: "clients",
			Alert: &Threshold{Operator: "<", Value: 1}, Short: true},
		{Key: "http", Label: "HTTP", Measurement: "http", Field: "http_ok", Related: []string{"status", "seconds"},
			Alert: &Threshold{Operator: "<", Value: 1, Tolerance: 10}},
		{Key: "tcp", Label: "TCP", Measurement: "tcp", Field: "tcp_ok", Related: []string{"seconds"},
			Alert: &Threshold{Operator: "<", Value: 1, Tolerance: 10}},
	}
}
