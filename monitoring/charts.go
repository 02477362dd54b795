package monitoring

import (
	"maps"
	"slices"

	"github.com/wispwright/wispwright/monitoring/timeseries"
)

// accessTechnology is a generation of mobile networks with its colour.
type accessTechnology struct{ name, color string }

// accessTechnologies are ordered by age; the place is the stored value (spec: monitoring §3.2).
func accessTechnologies() []accessTechnology {
	return []accessTechnology{
		{"gsm", "#b42a0c"}, {"cdma1x", "#dd5817"}, {"evdo", "#df7514"},
		{"umts", "#efdd50"}, {"lte", "#67c368"}, {"5g", "#377873"},
	}
}

const giga = 1e9

func mean(name, field string) timeseries.Trace {
	return timeseries.Trace{Name: name, Field: field, Func: timeseries.Mean}
}

func rounded(name, field string) timeseries.Trace {
	return timeseries.Trace{Name: name, Field: field, Func: timeseries.RoundedMean}
}

func gigas(name, field string, fn timeseries.Func) timeseries.Trace {
	return timeseries.Trace{Name: name, Field: field, Func: fn, Over: giga}
}

func colors(places ...int) []string {
	all := DefaultColors()
	out := make([]string, len(places))
	for i, p := range places {
		out[i] = all[p]
	}
	return out
}

func scale(pairs ...any) (out [][2]any) {
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, [2]any{pairs[i], pairs[i+1]})
	}
	return out
}

func full() *float64 {
	v := 100.0
	return &v
}

// BuiltinCharts returns the kinds of charts of the product (spec: monitoring §4).
func BuiltinCharts() []ChartConfig {
	return slices.Concat(reachabilityCharts(), mobileCharts(), trafficCharts(), resourceCharts(), iperf3Charts())
}

func reachabilityCharts() []ChartConfig {
	return []ChartConfig{{
		Key: "uptime", Type: "bar", Order: 200, Title: "Ping Success Rate", Unit: "%",
		Description: "A value of 100% means reachable, 0% means unreachable, values in between 0% and 100% indicate the average " +
			"reachability in the period observed. Obtained with the fping linux program.",
		SummaryLabels: []string{"Average Ping Success Rate"},
		Colorscale: &Colorscale{
			Max: 100, Min: 0, Label: "Rate", FixedValue: full(),
			Scale: scale(0, "#c13000", .1, "#ec7204", .5, "#deed0e", .9, "#90d000", 1, "#7db201"),
			Map: [][3]any{{100, "#7db201", "Flawless"}, {90, "#90d000", "Mostly Reachable"}, {50, "#deed0e", "Partly Reachable"},
				{10, "#ec7204", "Mostly Unreachable"}, {nil, "#c13000", "Unreachable"}},
		},
		Traces: []timeseries.Trace{{Name: "uptime", Func: timeseries.Mean, Times: 100}},
	}, {
		Key: "packet_loss", Type: "bar", Order: 210, Title: "Packet loss", Unit: "%", Colors: colors(3),
		Description:   "Indicates the percentage of lost packets observed in ICMP probes. Obtained with the fping linux program.",
		SummaryLabels: []string{"Average packet loss"}, Traces: []timeseries.Trace{mean("packet_loss", "loss")},
	}, {
		Key: "rtt", Type: "scatter", Order: 220, Title: "Round Trip Time", Unit: " ms",
		Description:   "Round trip time observed in ICMP probes, measuered in milliseconds.",
		SummaryLabels: []string{"Average RTT", "Average Max RTT", "Average Min RTT"},
		Traces:        []timeseries.Trace{mean("RTT_average", "rtt_avg"), mean("RTT_max", "rtt_max"), mean("RTT_min", "rtt_min")},
	}}
}

func mobileCharts() []ChartConfig {
	axis := map[string]any{"zeroline": false}
	var technologies [][3]any
	for i, t := range slices.Backward(accessTechnologies()) {
		technologies = append(technologies, [3]any{i, t.color, t.name})
	}
	return []ChartConfig{{
		Key: "signal_strength", Type: "scatter", Order: 205, Title: "Signal Strength", Unit: " dBm", Fill: "none", YAxis: axis, Colors: colors(3, 0),
		Description:   "Signal Strength and Signal Power, measured in dBm.",
		SummaryLabels: []string{"Average Signal Power", "Average Signal Strength"}, By: []string{"ifname"},
		Traces: []timeseries.Trace{rounded("signal_strength", "signal_strength"), rounded("signal_power", "signal_power")},
	}, {
		Key: "signal_quality", Type: "scatter", Order: 206, Title: "Signal Quality", Unit: " dB", Fill: "none", YAxis: maps.Clone(axis), Colors: colors(3, 0),
		Description:   "Signal Quality and Signal to Noise Ratio (SNR), measured in dB.",
		SummaryLabels: []string{"Average Signal Quality", "Average Signal to Noise Ratio"}, By: []string{"ifname"},
		Traces: []timeseries.Trace{rounded("signal_quality", "signal_quality"), rounded("signal_to_noise_ratio", "snr")},
	}, {
		Key: "access_tech", Type: "bar", Order: 207, Title: "Access Technology",
		Description: "Shows the access technology (LTE, UTMS, CDMA1x, etc.) in use on the device at the specified time.",
		Colorscale: &Colorscale{Max: 5, Min: 0, FixedValue: full(), Map: technologies,
			Scale: scale(0, "#b42a0c", .1, "#dd5817", .2, "#df7514", .5, "#efdd50", .8, "#67c368", 1, "#377873")},
		By: []string{"ifname"}, Traces: []timeseries.Trace{{Name: "access_tech", Field: "access_tech", Func: timeseries.Mode}},
	}}
}

func trafficCharts() []ChartConfig {
	clients := timeseries.Trace{Name: "wifi_clients", Field: "clients", Func: timeseries.Distinct, Fill: timeseries.FillZero}
	traffic := []timeseries.Trace{gigas("upload", "tx_bytes", timeseries.Sum), gigas("download", "rx_bytes", timeseries.Sum)}
	places := []string{"organization_id", "location_id", "floorplan_id"}
	base := ChartConfig{
		Type: "stackedbar+lines", Order: 240, Unit: "adaptive_prefix+B", CalculateTotal: true, Colors: colors(7, 0, 1),
		SummaryLabels: []string{"Total traffic", "Total download traffic", "Total upload traffic"},
		TraceType:     map[string]string{"download": "stackedbar", "upload": "stackedbar", "total": "lines"},
		TraceOrder:    []string{"total", "download", "upload"}, Traces: traffic,
	}
	device, general := base, base
	device.Key, device.Label, device.Title, device.By = "traffic", "Traffic", "Traffic: {ifname}", []string{"ifname"}
	device.Description = `Network traffic (total, download and upload) of the interface "{ifname}".`
	general.Key, general.Title, general.Fill, general.Lists = "general_traffic", "General Traffic", "none", append(slices.Clone(places), "ifname")
	general.Description = "Network traffic of the whole network (total, download, upload)."
	return []ChartConfig{{
		Key: "wifi_clients", Type: "bar", Order: 230, Label: "WiFi clients", Title: "WiFi clients: {ifname}",
		Description:   `WiFi clients associated to the wireless interface "{ifname}".`,
		SummaryLabels: []string{"Total Unique WiFi clients"}, By: []string{"ifname"}, Traces: []timeseries.Trace{clients},
	}, {
		Key: "gen_wifi_clients", Type: "bar", Order: 230, Title: "General WiFi Clients",
		Description:   "Unique WiFi clients count of the entire network.",
		SummaryLabels: []string{"Total Unique WiFi clients"}, Lists: places, Traces: []timeseries.Trace{clients},
	}, device, general}
}

func resourceCharts() []ChartConfig {
	return []ChartConfig{{
		Key: "memory", Type: "scatter", Order: 250, Title: "Memory Usage", Unit: "%", Colors: colors(4),
		Description:   "Percentage of memory (RAM) being used.",
		SummaryLabels: []string{"Memory Usage"}, Traces: []timeseries.Trace{mean("memory_usage", "percent_used")},
	}, {
		Key: "cpu", Type: "scatter", Order: 260, Title: "CPU Load", Unit: "%", Colors: colors(7),
		Description:   "Average CPU load, measured using the Linux load averages, taking into account the number of available CPUs.",
		SummaryLabels: []string{"CPU Load"}, Traces: []timeseries.Trace{mean("CPU_load", "cpu_usage")},
	}, {
		Key: "disk", Type: "scatter", Order: 270, Title: "Disk Usage", Unit: "%", Colors: colors(9),
		Description:   "Disk usage in percentage, calculated using all the available partitions.",
		SummaryLabels: []string{"Disk Usage"}, Traces: []timeseries.Trace{mean("disk_usage", "used_disk")},
	}}
}

func iperf3Charts() []ChartConfig {
	chart := func(key string, order int, title, description, unit, fill string, palette []int, labels []string, traces ...timeseries.Trace) ChartConfig {
		return ChartConfig{Key: key, Type: "scatter", Order: order, Title: title, Description: description, Unit: unit, Fill: fill,
			Colors: colors(palette...), SummaryLabels: labels, ConnectPoints: true, Traces: traces}
	}
	return []ChartConfig{
		chart("bandwidth", 280, "Bandwidth", "Bitrate during Iperf3 test.", "adaptive_prefix+bps", "none", []int{0, 3},
			[]string{"TCP bitrate", "UDP bitrate"}, gigas("TCP", "sent_bps_tcp", timeseries.Mean), gigas("UDP", "sent_bps_udp", timeseries.Mean)),
		chart("transfer", 290, "Transferred Data", "Transferred Data during Iperf3 test.", "adaptive_prefix+B", "none", []int{0, 3},
			[]string{"TCP transferred data", "UDP transferred data"}, gigas("TCP", "sent_bytes_tcp", timeseries.Sum), gigas("UDP", "sent_bytes_udp", timeseries.Sum)),
		chart("retransmits", 300, "Retransmits", "Retransmits during Iperf3 test in TCP mode.", "", "", []int{7},
			[]string{"Restransmits"}, mean("retransmits", "retransmits")),
		chart("jitter", 330, "Jitter", "Jitter is a variance in latency measured using Iperf3 utility in UDP mode.", " ms", "", []int{4},
			[]string{"Jitter"}, mean("jitter", "jitter")),
		chart("datagram", 340, "Datagram", "(Lost / Total) datagrams measured by Iperf3 test in UDP mode.", "", "none", []int{3, 2},
			[]string{"Lost datagram", "Total datagram"}, mean("lost_datagram", "lost_packets"), mean("total_datagram", "total_packets")),
		chart("datagram_loss", 350, "Datagram Loss", "Indicates datagram loss % during Iperf3 test in UDP mode.", "%", "", []int{3},
			[]string{"Datagram loss"}, mean("datagram_loss", "lost_percent")),
	}
}
